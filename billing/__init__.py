"""Stripe connections, converging and invoices; the only app that will import stripe. Empty until then."""
