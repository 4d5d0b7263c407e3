"""What no request does: the clock brings it, and a sweep tells it."""
