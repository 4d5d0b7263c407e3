"""Limits: what a call is counted against, the one script that counts it, and what the log says of it."""
