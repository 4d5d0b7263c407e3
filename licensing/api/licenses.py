"""/v1/licenses, their suspension and revocation."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.licenses import issue_license, reinstate_license, revoke_license, suspend_license
from licensing.models import License
from tenants import clock
from tenants.http.fields import Body, Moment, NoBody, Object, PublicId, Text, Whole
from tenants.http.resources import ResourceView, by_reference


class LicenseAnswer(serializers.ModelSerializer[License]):
    """`status` is computed when it is asked for."""

    id = PublicId("lic")
    customer = PublicId("cus", source="customer_id")
    plan = PublicId("plan", source="plan_id")
    status = serializers.SerializerMethodField()
    status_reason = serializers.SerializerMethodField()
    starts_at = Moment()
    expires_at = Moment(allow_null=True)
    trial_ends_at = Moment(allow_null=True)
    metadata = Object()
    created_at = Moment()

    class Meta:
        model = License
        fields: ClassVar[Any] = (
            "id",
            "customer",
            "plan",
            "plan_version",
            "status",
            "status_reason",
            "starts_at",
            "expires_at",
            "trial_ends_at",
            "quantity",
            "metadata",
            "created_at",
        )

    def get_status(self, row: License) -> str:
        return row.standing(self.context["now"]).status.value

    def get_status_reason(self, row: License) -> str | None:
        status, reason = row.standing(self.context["now"])
        return row.typed_reason(status) or reason


class LicenseBody(Body):
    customer = PublicId("cus")
    plan = PublicId("plan")
    starts_at = Moment(required=False)
    expires_at = Moment(required=False, allow_null=True)
    quantity = Whole(min_value=1, required=False)
    metadata = Object(required=False)


class ReasonBody(Body):
    reason = Text(max_length=500, required=False, allow_blank=True)


class LicenseView(ResourceView):
    resource = "licenses"
    model = License
    serializer_class = LicenseAnswer
    filters: ClassVar[Any] = {"customer": by_reference("customer", "cus"), "plan": by_reference("plan", "plan")}

    @extend_schema(request=LicenseBody, responses={201: LicenseAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(LicenseBody)
        row = issue_license(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)

    @extend_schema(request=ReasonBody, responses=LicenseAnswer)
    @action(detail=True, methods=["post"], url_path="suspension")
    def suspension(self, request: Request, pk: str) -> Response:
        license_id, given = self.row_id(pk), self.given(ReasonBody)
        row = suspend_license(license_id, within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row)

    @extend_schema(request=None, responses={200: LicenseAnswer})
    @suspension.mapping.delete
    def reinstatement(self, request: Request, pk: str) -> Response:
        license_id, _ = self.row_id(pk), self.given(NoBody)
        return self.written(reinstate_license(license_id, within=self.environment, by=self.actor, now=clock.now()))

    @extend_schema(request=ReasonBody, responses=LicenseAnswer)
    @action(detail=True, methods=["post"], url_path="revocation")
    def revocation(self, request: Request, pk: str) -> Response:
        license_id, given = self.row_id(pk), self.given(ReasonBody)
        row = revoke_license(license_id, within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row)
