"""Billing over HTTP: its part of the management API, and what Stripe calls."""
