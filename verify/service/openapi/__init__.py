"""The verify service's OpenAPI document, made from the very types and limits that requests and verdicts are held to."""
