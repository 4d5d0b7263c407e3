"""/v1/stripe_connection: one Stripe account for the environment, its key and its webhooks."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.actions import connections, preparing
from billing.actions.resyncing import resync
from billing.models import StripeConnection
from billing.models.connection import KEY_STATUSES, WEBHOOK_STATUSES
from billing.queries.connections import in_force, state_of
from billing.rules.policy import ANSWERS
from tenants.http.changes import Changes
from tenants.http.fields import Body, Moment, NoBody, Pattern, Text
from tenants.http.lists import Parameters
from tenants.http.resources import SAFE
from tenants.models import Environment
from tenants.rules.refusal import not_found
from tenants.tenancy import tenant_transaction

API_KEY = r"^(rk|sk)_(test|live)_[0-9A-Za-z_]{8,240}$"
WEBHOOK_SECRET = r"^whsec_[0-9A-Za-z+/=_-]{8,240}$"  # noqa: S105 - the form of one


class Drifting(serializers.Serializer[Any]):
    """A subscription that its license cannot follow: no plan has its price, or several have."""

    subscription = serializers.CharField()
    license = serializers.CharField(allow_null=True)
    reason = serializers.CharField()


class StripeConnectionAnswer(serializers.ModelSerializer[StripeConnection]):
    """Key and secrets are never shown. `pending` customers wait to be looked at; `drift` counts the subscriptions that
    their licenses cannot follow, of which `drifting` tells the first hundred; `quarantined` events were signed and are
    of another mode or account. `on_refund` and `on_dispute` say what a refund in full and a dispute of the newest paid
    invoice do to the license: `nothing`, or `suspend` it until a newer invoice is paid or the dispute is won.
    """

    connection_uid = serializers.CharField(source="public_id")
    webhook_url = serializers.SerializerMethodField()
    livemode = serializers.BooleanField()
    key_status = serializers.ChoiceField(choices=KEY_STATUSES)
    webhook_status = serializers.ChoiceField(choices=WEBHOOK_STATUSES)
    last_event_at = Moment(source="state.last_event_at", allow_null=True)
    pending = serializers.IntegerField(source="state.pending")
    quarantined = serializers.IntegerField(source="state.quarantined")
    drift = serializers.IntegerField(source="state.drift")
    drifting = Drifting(source="state.drifting", many=True)
    swept_at = Moment(allow_null=True)
    compared_at = Moment(allow_null=True)
    on_refund = serializers.ChoiceField(choices=ANSWERS)
    on_dispute = serializers.ChoiceField(choices=ANSWERS)
    created_at = Moment()

    class Meta:
        model = StripeConnection
        fields: ClassVar[Any] = (
            *("connection_uid", "account", "livemode", "key_last4", "key_status", "api_version", "webhook_url"),
            *("webhook_status", "last_event_at", "pending", "quarantined", "drift", "drifting", "swept_at"),
            *("compared_at", "on_refund", "on_dispute", "created_at"),
        )

    def get_webhook_url(self, row: StripeConnection) -> str:
        return preparing.webhook_url(row.id)


class StripeConnectionChange(Body):
    api_key = Pattern(API_KEY, required=False)
    webhook_secret = Pattern(WEBHOOK_SECRET, required=False)
    on_refund = serializers.ChoiceField(choices=ANSWERS, required=False)
    on_dispute = serializers.ChoiceField(choices=ANSWERS, required=False)


class StripeConnectionBody(StripeConnectionChange):
    api_key = Pattern(API_KEY)


class ResyncBody(Body):
    """`customer`: ours by its id, or Stripe's by Stripe's; `since`: also what happened at Stripe from then on."""

    customer = Text(max_length=255, required=False)
    since = Moment(required=False)


class StripeConnectionView(Changes):
    resource = "stripe_connection"
    model = StripeConnection
    serializer_class = StripeConnectionAnswer
    single = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As everywhere: whether it is there comes before what was sent."""
        super().initial(request, *args, **kwargs)
        if request.method not in (*SAFE, "POST") or self.action == "resync":
            self._present()

    def rows(self, environment: Environment) -> QuerySet[Any]:
        found: QuerySet[Any] = StripeConnection.objects.within(environment)
        return found

    def furnished(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.state = state_of(row, self.environment)
        return rows

    def location(self, data: dict[str, Any]) -> str:
        return f"/v1/{self.resource}"

    @extend_schema(responses=StripeConnectionAnswer)
    def retrieve(self, request: Request) -> Response:  # type: ignore[override]  # it has no id: there is but one
        """404 where there is none."""
        Parameters(request, set()).finish()
        row = self._present()
        with tenant_transaction(self.environment.organization_id):
            return Response(self.shown([row])[0])

    @extend_schema(request=StripeConnectionBody, responses={201: StripeConnectionAnswer})
    def create(self, request: Request) -> Response:
        """Makes its webhook endpoint at Stripe with our API version, unless a `webhook_secret` is given. Where Stripe
        will not make it, `webhook_status` is `needs_secret`: make it there by hand, and give its secret by PATCH.
        """
        given = self.given(StripeConnectionBody)
        with preparing.in_turn(self.environment):
            if remembered := self.remembered():
                return remembered
            prepared = preparing.prepare(within=self.environment, **given)
            given.pop("api_key")
            with preparing.forgotten_if_refused(prepared):
                return self.carried_out(connections.connect, status=201, prepared=prepared, **given)

    @extend_schema(request=StripeConnectionChange, responses=StripeConnectionAnswer)
    def partial_update(self, request: Request) -> Response:
        """Another key of the same account; another webhook secret, beside which the old one is good for 24 hours;
        another policy, by which all customers are looked at again.
        """
        given = self.given(StripeConnectionChange)
        with preparing.in_turn(self.environment):
            prepared = preparing.prepare_change(within=self.environment, **given)
            given.pop("api_key", None)
            with preparing.forgotten_if_refused(prepared):
                return self.carried_out(connections.change_connection, prepared=prepared, **given)

    @extend_schema(request=None, responses={200: StripeConnectionAnswer})
    def destroy(self, request: Request) -> Response:
        """Key and secrets are forgotten, the endpoint is removed. Licenses stay as they were read last."""
        self.given(NoBody)
        with preparing.in_turn(self.environment):
            preparing.remove_endpoint_of(self._present())
            return self.carried_out(connections.disconnect)

    @extend_schema(request=ResyncBody, responses={200: StripeConnectionAnswer})
    def resync(self, request: Request) -> Response:
        """Looks at a customer, at what happened since a time, or at everything again; `pending` says how many wait."""
        return self.carried_out(resync, **self.given(ResyncBody))

    def _present(self) -> StripeConnection:
        with tenant_transaction(self.environment.organization_id):
            row = in_force(self.environment)
        if row is None:
            raise not_found()
        return row
