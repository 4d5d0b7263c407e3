"""Asking Stripe: the only place that imports its library, and that knows the shapes of its API version."""
