"""`up`, which starts everything."""
