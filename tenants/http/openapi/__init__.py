"""The management API's OpenAPI document: everything in it is read off the views, their bodies and their models."""
