"""The verify service: HTTP in, facts from memory and Redis, one decision out. No Django in it."""
