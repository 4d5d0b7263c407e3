"""Deliveries of events, and what can go wrong on their way."""
