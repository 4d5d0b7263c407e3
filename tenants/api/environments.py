"""/v1/environments: test and live, each with its own catalogue, customers and keys."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actions.environments import change_environment, create_environment
from tenants.http.changes import OrganizationChanges
from tenants.http.fields import Body, Moment, PublicId, Text, Whole
from tenants.http.filters import by_choice
from tenants.models import Environment

KINDS = ("test", "live")
LONGEST_STALE_SECONDS = 7 * 24 * 3600


class EnvironmentAnswer(serializers.ModelSerializer[Environment]):
    id = PublicId("env")
    created_at = Moment()

    class Meta:
        model = Environment
        fields = ("id", "name", "kind", "on_outage", "stale_seconds", "created_at")


class EnvironmentChange(Body):
    name = Text(max_length=100, required=False)
    on_outage = serializers.ChoiceField(choices=["deny", "allow"], required=False)
    stale_seconds = Whole(min_value=0, max_value=LONGEST_STALE_SECONDS, required=False)


class EnvironmentBody(EnvironmentChange):
    name = Text(max_length=100)
    kind = serializers.ChoiceField(choices=KINDS)


class EnvironmentView(OrganizationChanges):
    resource = "environments"
    model = Environment
    serializer_class = EnvironmentAnswer
    filters: ClassVar[Any] = {"kind": by_choice("kind", KINDS)}

    @extend_schema(request=EnvironmentBody, responses={201: EnvironmentAnswer})
    def create(self, request: Request) -> Response:
        """Its first secret key is made in the dashboard: a secret key issues only keys of its own environment."""
        return self.created(create_environment, EnvironmentBody)

    @extend_schema(request=EnvironmentChange, responses=EnvironmentAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(change_environment, pk, EnvironmentChange)
