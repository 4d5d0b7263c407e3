"""Stripe connections, the inbox of their events, and converging what was bought with what is licensed."""
