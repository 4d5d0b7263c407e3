"""The page at `/docs` of either plane: Swagger UI on the plane's own document, without any other host."""
