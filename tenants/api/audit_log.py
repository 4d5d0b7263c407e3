"""/v1/audit_log: who changed what in the organization, newest first, and the proof that nothing was altered."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actions.audit_verification import ask_for_verification
from tenants.api.jobs import JobAnswer
from tenants.http.changes import OrganizationChanges
from tenants.http.fields import Moment, PublicId
from tenants.http.filters import by_moment, by_reference, by_text
from tenants.models import AuditEntry
from tenants.queries.audit_chain import with_links


class AuditActor(serializers.Serializer[AuditEntry]):
    kind = serializers.CharField(source="actor_kind")
    id = serializers.CharField(source="actor_id", allow_null=True)


class AuditEntryAnswer(serializers.ModelSerializer[AuditEntry]):
    """`position` and `hash` are its link in the organization's chain; null for the moment until it is chained."""

    id = PublicId("aud")
    environment = PublicId("env", source="environment_id", allow_null=True)
    actor = AuditActor(source="*")
    subject = serializers.CharField(source="subject_id")
    changes = serializers.DictField()
    position = serializers.IntegerField(allow_null=True)
    hash = serializers.CharField(allow_null=True)
    created_at = Moment()

    class Meta:
        model = AuditEntry
        fields: ClassVar[Any] = (
            *("id", "action", "actor", "subject", "environment", "changes", "request_id", "position", "hash"),
            "created_at",
        )


class AuditLogView(OrganizationChanges):
    resource = "audit_log"
    model = AuditEntry
    serializer_class = AuditEntryAnswer
    filters: ClassVar[Any] = {
        "action": by_text("action"),
        "actor": by_text("actor", "actor_id"),
        "subject": by_text("subject", "subject_id"),
        "environment": by_reference("environment", "env"),
        "since": by_moment("since", "created_at__gte"),
        "until": by_moment("until", "created_at__lt"),
    }

    def furnished(self, rows: list[AuditEntry]) -> list[AuditEntry]:
        with_links(rows)
        return rows

    @extend_schema(request=None, responses={202: JobAnswer})
    @action(detail=False, methods=["post"], url_path="verification")
    def verification(self, request: Request) -> Response:
        """A job that goes through the whole chain and says what was changed, dropped or reordered."""
        return self.accepted(ask_for_verification, JobAnswer)
