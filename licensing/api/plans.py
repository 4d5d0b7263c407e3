"""/v1/plans and their publication."""

import re
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.plans import change_plan, create_plan, publish_plan
from licensing.models import Plan
from licensing.queries.plans import with_latest_terms
from tenants import clock
from tenants.http.fields import CODE_PATTERN, Body, Code, Moment, PublicId, Text, TextList, Whole
from tenants.http.resources import ResourceView, by_reference

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
    created_at = Moment()

    class Meta:
        model = Plan
        fields: ClassVar[Any] = (
            "id",
            "product",
            "code",
            "name",
            "version",
            "published_version",
            "floor_version",
            "features",
            "scopes",
            "duration_days",
            "trial_days",
            "grace_days",
            "created_at",
        )


@extend_schema_field({"type": "object", "additionalProperties": {"type": ["boolean", "number", "string"]}})
class Features(serializers.DictField):
    """By feature code: `true`, `false`, or a value for a configured feature."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "value": "A boolean, a number or a text of at most 1000.",
        "code": "{code!r} is no feature code: 1 to 64 of a-z, 0-9 and . _ : -.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().to_internal_value(data)
        for code, value in found.items():
            if not re.fullmatch(CODE_PATTERN, code):
                self.fail("code", code=code)
            if not isinstance(value, bool | int | float | str) or len(str(value)) > 1000:  # noqa: PLR2004 - said above
                self.fail("value")
        return found


class PlanChange(Body):
    name = Text(max_length=200, required=False)
    features = Features(required=False)
    scopes = TextList(required=False)
    duration_days = Whole(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    trial_days = Whole(min_value=1, max_value=LONGEST_DAYS, required=False, allow_null=True)
    grace_days = Whole(min_value=0, max_value=LONGEST_DAYS, required=False)


class PlanBody(PlanChange):
    product = PublicId("prod")
    code = Code()
    name = Text(max_length=200)


class PublicationBody(Body):
    apply_to = serializers.ChoiceField(choices=["new", "all"])


class PlanView(ResourceView):
    resource = "plans"
    model = Plan
    serializer_class = PlanAnswer
    filters: ClassVar[Any] = {"product": by_reference("product", "prod")}

    def furnished(self, rows: list[Plan]) -> list[Plan]:
        with_latest_terms(rows, self.environment)
        return rows

    @extend_schema(request=PlanBody, responses={201: PlanAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(PlanBody)
        row = create_plan(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)

    @extend_schema(request=PlanChange, responses=PlanAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        plan_id, given = self.row_id(pk), self.given(PlanChange)
        return self.written(change_plan(plan_id, within=self.environment, by=self.actor, now=clock.now(), **given))

    @extend_schema(request=PublicationBody, responses=PlanAnswer)
    @action(detail=True, methods=["post"], url_path="publication")
    def publication(self, request: Request, pk: str) -> Response:
        plan_id, given = self.row_id(pk), self.given(PublicationBody)
        return self.written(publish_plan(plan_id, within=self.environment, by=self.actor, now=clock.now(), **given))
