"""/v1/members: who has which role in the organization. Members are made by inviting them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actions.people.members import change_role, remove_member
from tenants.api.people import PeopleChanges, by_address
from tenants.http.fields import Body, Moment, PublicId
from tenants.http.filters import by_choice
from tenants.models import Environment, Member
from tenants.queries.people import members
from tenants.rules.permissions import ROLES


class MemberAnswer(serializers.ModelSerializer[Member]):
    id = PublicId("mem")
    email = serializers.EmailField(source="user.email")
    created_at = Moment()

    class Meta:
        model = Member
        fields = ("id", "email", "role", "created_at")


class MemberChange(Body):
    role = serializers.ChoiceField(choices=list(ROLES))


class MemberView(PeopleChanges):
    resource = "members"
    model = Member
    serializer_class = MemberAnswer
    filters: ClassVar[Any] = {"role": by_choice("role", tuple(ROLES)), "email": by_address("user__email")}

    def rows(self, environment: Environment) -> QuerySet[Member]:
        return members(environment.organization_id)

    @extend_schema(request=MemberChange, responses=MemberAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Gives another role. Only owners make, change or remove owners; a secret key counts as an admin."""
        return self.changed(change_role, pk, MemberChange)

    @extend_schema(request=None, responses={200: MemberAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Removes the member, whose access ends with their next request. Secret keys that they issued stay."""
        return self.changed(remove_member, pk)
