"""What both planes stand on: ids, problem details, environment variables, redaction, failpoints."""
