"""Running copies of the product, whole or in parts, for tests to use and abuse."""
