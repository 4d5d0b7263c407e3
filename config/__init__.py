"""Wiring: settings, environment variables, URLs, servers, supervisor. Names the other apps only as strings."""
