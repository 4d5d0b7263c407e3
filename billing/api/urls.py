"""Addresses of billing: its part of the management API, and what Stripe calls."""

from typing import Any

from django.urls import path

from billing.api.connection import StripeConnectionView
from billing.api.webhooks import stripe_webhook

_single: Any = {"get": "retrieve", "post": "create", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("v1/stripe_connection", StripeConnectionView.as_view(_single), name="stripe_connection"),
    path("v1/stripe_connection/resync", StripeConnectionView.as_view({"post": "resync"})),
    path("webhooks/stripe/<uid>", stripe_webhook, name="stripe_webhook"),
]
