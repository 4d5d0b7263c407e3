"""Addresses of billing: its part of the management API, and what Stripe calls."""

from typing import Any

from django.urls import path

from billing.api.connection import StripeConnectionView
from billing.api.returns import checkout_return
from billing.api.sessions import CheckoutSessionView, PortalSessionView
from billing.api.webhooks import stripe_webhook

_single: Any = {"get": "retrieve", "post": "create", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("v1/stripe_connection", StripeConnectionView.as_view(_single), name="stripe_connection"),
    path("v1/stripe_connection/resync", StripeConnectionView.as_view({"post": "resync"})),
    path("v1/checkout_sessions", CheckoutSessionView.as_view({"post": "open"}), name="checkout_sessions"),
    path("v1/portal_sessions", PortalSessionView.as_view({"post": "open"}), name="portal_sessions"),
    path("checkout/<uid>/<checkout>", checkout_return, name="checkout_return"),
    path("webhooks/stripe/<uid>", stripe_webhook, name="stripe_webhook"),
]
