"""/v1/checkout_sessions and /v1/portal_sessions: pages of Stripe's for a customer, through the connection."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.actions import selling
from billing.models import StripeCheckout
from tenants import clock
from tenants.http.changes import Changes
from tenants.http.fields import Body, Moment, PublicId, Whole

LONGEST = 2000


class CheckoutSessionAnswer(serializers.Serializer[Any]):
    """`id` is Stripe's. Send the buyer to `url`; the license is made when it is paid."""

    id = serializers.CharField()
    url = serializers.CharField()
    expires_at = Moment()
    plan = PublicId("plan")
    customer = PublicId("cus", allow_null=True)


class CheckoutSessionBody(Body):
    """Without `customer`, the checkout asks who buys, and a customer is made."""

    plan = PublicId("plan")
    success_url = serializers.URLField(max_length=LONGEST)
    cancel_url = serializers.URLField(max_length=LONGEST)
    customer = PublicId("cus", required=False)
    quantity = Whole(min_value=1, max_value=1_000_000, required=False)


class PortalSessionAnswer(serializers.Serializer[Any]):
    """`id` is Stripe's. Send the customer to `url`, where they change card, seats or plan, or cancel."""

    id = serializers.CharField()
    url = serializers.CharField()
    customer = PublicId("cus")


class PortalSessionBody(Body):
    customer = PublicId("cus")
    return_url = serializers.URLField(max_length=LONGEST)


class CheckoutSessionView(Changes):
    resource = "checkout_sessions"
    model = StripeCheckout
    serializer_class = CheckoutSessionAnswer

    @extend_schema(request=CheckoutSessionBody, responses={201: CheckoutSessionAnswer})
    def open(self, request: Request) -> Response:
        """Of the plan's first price. The buyer comes back over a page of ours that shows the first key once, and leads
        on to `success_url`.
        """
        given = self.given(CheckoutSessionBody)
        if remembered := self.remembered():
            return remembered
        buying = selling.prepare_checkout(within=self.environment, now=clock.now(), **given)
        return self.carried_out(selling.open_checkout, status=201, buying=buying)


class PortalSessionView(Changes):
    resource = "portal_sessions"
    serializer_class = PortalSessionAnswer

    @extend_schema(request=PortalSessionBody, responses={201: PortalSessionAnswer})
    def open(self, request: Request) -> Response:
        """For a customer that has bought something; what they do there arrives as any other change."""
        given = self.given(PortalSessionBody)
        if remembered := self.remembered():
            return remembered
        visiting = selling.prepare_portal(within=self.environment, **given)
        return self.carried_out(selling.open_portal, status=201, visiting=visiting)
