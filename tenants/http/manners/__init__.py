"""Manners that every resource of the management API shares: asking once, asking of a known state, not too often."""
