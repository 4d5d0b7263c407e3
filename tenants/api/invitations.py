"""/v1/invitations: who may become a member. The link goes to the address alone and is never shown here."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import clock
from tenants.actions.people.invitations import LONGEST, invite, revoke_invitation, send_again
from tenants.api.people import PeopleChanges, by_address
from tenants.http.fields import Body, Email, Moment, PublicId
from tenants.http.filters import by_choice, chosen
from tenants.models import Invitation
from tenants.rules.permissions import ROLES

STATUSES = ("pending", "accepted", "revoked", "expired")


class InvitationAnswer(serializers.ModelSerializer[Invitation]):
    """`sent_at` is null until its mail is sent, and for good if the mail server refuses the address."""

    id = PublicId("inv")
    status = serializers.SerializerMethodField()
    expires_at = Moment()
    sent_at = Moment(allow_null=True)
    accepted_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    created_at = Moment()

    class Meta:
        model = Invitation
        fields: ClassVar[Any] = (
            *("id", "email", "role", "status", "invited_by", "expires_at", "sent_at", "accepted_at", "revoked_at"),
            "created_at",
        )

    def get_status(self, row: Invitation) -> str:
        return row.status(self.context["now"])


class InvitationBody(Body):
    email = Email(max_length=LONGEST)
    role = serializers.ChoiceField(choices=list(ROLES))


def _by_status(rows: QuerySet[Invitation], text: str) -> QuerySet[Invitation]:
    return rows.filter(having_status(chosen("status", text, STATUSES), clock.now()))


def having_status(status: str, now: datetime) -> Q:
    """What `Invitation.status` says, for the database."""
    if status == "accepted":
        return Q(accepted_at__isnull=False)
    if status == "revoked":
        return Q(revoked_at__isnull=False)
    still = Q(accepted_at=None, revoked_at=None)
    return still & (Q(expires_at__gt=now) if status == "pending" else Q(expires_at__lte=now))


class InvitationView(PeopleChanges):
    resource = "invitations"
    model = Invitation
    serializer_class = InvitationAnswer
    filters: ClassVar[Any] = {
        "role": by_choice("role", tuple(ROLES)),
        "email": by_address("email"),
        "status": _by_status,
    }

    @extend_schema(request=InvitationBody, responses={201: InvitationAnswer})
    def create(self, request: Request) -> Response:
        """Sends a link to the address, good for seven days. An expired invitation of the same address is replaced."""
        return self.created(invite, InvitationBody)

    @extend_schema(request=None, responses={200: InvitationAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revokes it; it stays in the list."""
        return self.changed(revoke_invitation, pk)

    @extend_schema(request=None, responses={200: InvitationAnswer})
    @action(detail=True, methods=["post"])
    def sending(self, request: Request, pk: str) -> Response:
        """Sends a new link and begins seven new days; the earlier link is dead."""
        return self.changed(send_again, pk)
