"""The audit log: who changed what, written in the same transaction as the change; the database refuses to alter it."""

from django.db import models

from tenants.models.kept import Kept


class AuditEntry(Kept):
    PREFIX = "aud"

    environment_id = models.UUIDField(null=True, editable=False)
    action = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the system has no id, which is not ""
    subject_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_entries"
        indexes = [models.Index(fields=["organization_id", "-id"], name="audit_entries_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id}"
