"""/v1/licenses: issuing, changing, renewing, suspending and revoking them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions import licenses
from licensing.api.customers import CustomerAnswer
from licensing.api.plans import PlanAnswer
from licensing.api.terms import MOST_LIMITS, Features, Quota, RateLimit
from licensing.models import Customer, License, Plan
from licensing.queries.licenses import count_flagged
from licensing.queries.plans import with_latest_terms
from licensing.queries.standing import with_status
from tenants import clock
from tenants.http.changes import Changes
from tenants.http.fields import Body, Moment, Object, PublicId, Text, TextList, Whole
from tenants.http.filters import by_reference, chosen
from tenants.http.manners.expand import Expansion
from tenants.models import Environment
from verify.license_status import Status


class OverLimitAnswer(serializers.Serializer[License]):
    """More seats are taken than there are; from `ends_at` on that suspends the license, where it is null never."""

    seats = serializers.IntegerField(source="counted_seats.quantity")
    taken = serializers.IntegerField(source="counted_seats.taken")
    since = Moment(source="flag.since")
    ends_at = Moment(source="flag.ends_at", allow_null=True)


def with_counted_seats(rows: list[License], within: Environment) -> None:
    """Of those that are flagged alone."""
    count_flagged(rows, within, clock.now())


class Overrides(Body):
    """What this license has otherwise than its plan: features code by code, everything else instead of the plan's."""

    features = Features(required=False)
    scopes = TextList(required=False)
    rate_limits = serializers.ListField(child=RateLimit(), required=False, max_length=MOST_LIMITS)
    quotas = serializers.ListField(child=Quota(), required=False, max_length=MOST_LIMITS)
    max_devices = Whole(min_value=0, required=False)

    may_lack: ClassVar[Any] = ("features", "scopes", "rate_limits", "quotas", "max_devices")


class LicenseAnswer(serializers.ModelSerializer[License]):
    """`status` is computed when it is asked for. Where a Stripe subscription drives the license, `managed_by` is
    `stripe`; then plan, seats and ends are changed there.
    """

    id = PublicId("lic")
    customer = PublicId("cus", source="customer_id")
    plan = PublicId("plan", source="plan_id")
    status = serializers.SerializerMethodField()
    status_reason = serializers.SerializerMethodField()
    starts_at = Moment()
    expires_at = Moment(allow_null=True)
    trial_ends_at = Moment(allow_null=True)
    grace_ends_at = Moment(allow_null=True)
    paid_until = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    over_limit = serializers.SerializerMethodField()
    overrides = Overrides()
    metadata = Object()
    created_at = Moment()

    expansions: ClassVar[Any] = {
        "customer": Expansion("customers", Customer, CustomerAnswer),
        "plan": Expansion("plans", Plan, PlanAnswer, with_latest_terms),
    }

    class Meta:
        model = License
        fields: ClassVar[Any] = (
            *("id", "customer", "plan", "plan_version", "status", "status_reason", "starts_at", "expires_at"),
            *(
                "trial_ends_at",
                "managed_by",
                "paid_until",
                "grace_ends_at",
                "ended_at",
                "quantity",
                "over_limit",
                "overrides",
                "metadata",
                "created_at",
            ),
        )

    def get_status(self, row: License) -> str:
        return row.standing(self.context["now"]).status.value

    @extend_schema_field(OverLimitAnswer(allow_null=True))
    def get_over_limit(self, row: License) -> dict[str, Any] | None:
        return None if row.flag is None else dict(OverLimitAnswer(row).data)

    def get_status_reason(self, row: License) -> str | None:
        status, reason = row.standing(self.context["now"])
        return row.typed_reason(status) or reason


class LicenseChange(Body):
    expires_at = Moment(required=False, allow_null=True)
    quantity = Whole(min_value=1, required=False)
    overrides = Overrides(required=False)
    metadata = Object(required=False)


class LicenseBody(LicenseChange):
    customer = PublicId("cus")
    plan = PublicId("plan")
    starts_at = Moment(required=False)


class ReasonBody(Body):
    reason = Text(max_length=500, required=False, allow_blank=True)


class RenewalBody(Body):
    expires_at = Moment(required=False)


class PlanOfLicenseBody(Body):
    plan = PublicId("plan")


def _by_status(rows: QuerySet[License], text: str) -> QuerySet[License]:
    return with_status(rows, Status(chosen("status", text, [status.value for status in Status])), clock.now())


class LicenseView(Changes):
    resource = "licenses"
    model = License
    serializer_class = LicenseAnswer
    filters: ClassVar[Any] = {
        "customer": by_reference("customer", "cus"),
        "plan": by_reference("plan", "plan"),
        "status": _by_status,
    }

    def furnished(self, rows: list[License]) -> list[License]:
        with_counted_seats(rows, self.environment)
        return rows

    @extend_schema(request=LicenseBody, responses={201: LicenseAnswer})
    def create(self, request: Request) -> Response:
        return self.created(licenses.issue_license, LicenseBody)

    @extend_schema(request=LicenseChange, responses=LicenseAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(licenses.change_license, pk, LicenseChange)

    @extend_schema(request=ReasonBody, responses=LicenseAnswer)
    @action(detail=True, methods=["post"], url_path="suspension")
    def suspension(self, request: Request, pk: str) -> Response:
        return self.changed(licenses.suspend_license, pk, ReasonBody)

    @extend_schema(request=None, responses={200: LicenseAnswer})
    @suspension.mapping.delete
    def reinstatement(self, request: Request, pk: str) -> Response:
        return self.changed(licenses.reinstate_license, pk)

    @extend_schema(request=ReasonBody, responses=LicenseAnswer)
    @action(detail=True, methods=["post"], url_path="revocation")
    def revocation(self, request: Request, pk: str) -> Response:
        """For good: what was revoked stays revoked."""
        return self.changed(licenses.revoke_license, pk, ReasonBody)

    @extend_schema(request=RenewalBody, responses=LicenseAnswer)
    @action(detail=True, methods=["post"], url_path="renewal")
    def renewal(self, request: Request, pk: str) -> Response:
        """Until `expires_at`, or as long again as its plan lasts; what had expired is open again."""
        return self.changed(licenses.renew_license, pk, RenewalBody)

    @extend_schema(request=PlanOfLicenseBody, responses=LicenseAnswer)
    @action(detail=True, methods=["put"], url_path="plan")
    def plan(self, request: Request, pk: str) -> Response:
        """Its dates, its keys and what it has used stay."""
        return self.changed(licenses.change_plan_of_license, pk, PlanOfLicenseBody)
