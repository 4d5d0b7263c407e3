"""/v1/plans and their publication."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.plans import change_plan, create_plan, publish_plan
from licensing.api.catalogue import ProductAnswer
from licensing.api.terms import MOST_LIMITS, Features, Quota, RateLimit
from licensing.models import Plan, Product
from licensing.models.plan import DEVICE_POLICIES, TERMS
from licensing.queries.plans import with_latest_terms
from licensing.rules.seats import LONGEST_OVER_LIMIT_DAYS, SEAT_POLICIES
from tenants.http.changes import Changes
from tenants.http.fields import Body, Code, Moment, PublicId, Text, TextList, Whole
from tenants.http.filters import by_reference, by_text
from tenants.http.manners.expand import Expansion

LONGEST_DAYS = 36_500


class PlanAnswer(serializers.ModelSerializer[Plan]):
    """The terms are those of `version`, the latest; `published_version` is what new licenses get."""

    id = PublicId("plan")
    product = PublicId("prod", source="product_id")
    version = serializers.IntegerField(source="latest_version")
    features = serializers.DictField(source="terms.features")
    scopes = TextList(source="terms.scopes")
    duration_days = serializers.IntegerField(source="terms.duration_days", allow_null=True)
    trial_days = serializers.IntegerField(source="terms.trial_days", allow_null=True)
    grace_days = serializers.IntegerField(source="terms.grace_days")
    rate_limits = RateLimit(source="terms.rate_limits", many=True)
    quotas = Quota(source="terms.quotas", many=True)
    max_devices = serializers.IntegerField(source="terms.max_devices", allow_null=True)
    device_policy = serializers.ChoiceField(source="terms.device_policy", choices=DEVICE_POLICIES)
    token_ttl_seconds = serializers.IntegerField(source="terms.token_ttl_seconds")
    refresh_ttl_seconds = serializers.IntegerField(source="terms.refresh_ttl_seconds", allow_null=True)
    rotate_every_days = serializers.IntegerField(source="terms.rotate_every_days", allow_null=True)
    stripe_price_ids = TextList(source="terms.stripe_price_ids")
    seat_policy = serializers.ChoiceField(source="terms.seat_policy", choices=SEAT_POLICIES)
    over_limit_days = serializers.IntegerField(source="terms.over_limit_days", allow_null=True)
    created_at = Moment()

    expansions: ClassVar[Any] = {"product": Expansion("products", Product, ProductAnswer)}

    class Meta:
        model = Plan
        fields: ClassVar[Any] = (
            *("id", "product", "code", "name", "version", "published_version", "floor_version"),
            *(*TERMS, "created_at"),
        )


class PlanChange(Body):
    name = Text(max_length=200, required=False)
    features = Features(required=False)
    scopes = TextList(required=False)
    rate_limits = serializers.ListField(child=RateLimit(), required=False, max_length=MOST_LIMITS)
    quotas = serializers.ListField(child=Quota(), required=False, max_length=MOST_LIMITS)
    duration_days = Whole(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    trial_days = Whole(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    grace_days = Whole(min_value=0, max_value=LONGEST_DAYS, required=False)
    max_devices = Whole(min_value=0, required=False, allow_null=True)
    device_policy = serializers.ChoiceField(choices=DEVICE_POLICIES, required=False)
    token_ttl_seconds = Whole(min_value=30, max_value=86_400, required=False)
    refresh_ttl_seconds = Whole(min_value=60, required=False, allow_null=True)
    rotate_every_days = Whole(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    stripe_price_ids = TextList(longest=100, required=False)
    seat_policy = serializers.ChoiceField(choices=SEAT_POLICIES, required=False)
    over_limit_days = Whole(min_value=0, max_value=LONGEST_OVER_LIMIT_DAYS, required=False, allow_null=True)


class PlanBody(PlanChange):
    product = PublicId("prod")
    code = Code()
    name = Text(max_length=200)


class PublicationBody(Body):
    apply_to = serializers.ChoiceField(choices=["new", "all"])


class PlanView(Changes):
    resource = "plans"
    model = Plan
    serializer_class = PlanAnswer
    filters: ClassVar[Any] = {"product": by_reference("product", "prod"), "code": by_text("code")}

    def furnished(self, rows: list[Plan]) -> list[Plan]:
        with_latest_terms(rows, self.environment)
        return rows

    @extend_schema(request=PlanBody, responses={201: PlanAnswer})
    def create(self, request: Request) -> Response:
        return self.created(create_plan, PlanBody)

    @extend_schema(request=PlanChange, responses=PlanAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Makes a new version; it is in force once it is published."""
        return self.changed(change_plan, pk, PlanChange)

    @extend_schema(request=PublicationBody, responses=PlanAnswer)
    @action(detail=True, methods=["post"], url_path="publication")
    def publication(self, request: Request, pk: str) -> Response:
        """Puts the latest version in force for new licenses, or for all there are as well."""
        return self.changed(publish_plan, pk, PublicationBody)
