"""The audit log: who changed what, written in the same transaction as the change; the database refuses to alter it."""

from django.db import models
from django.db.models.functions import Cast

from tenants.models.kept import Kept


class CurrentUser(models.Func):
    """The database role that writes, by its own account."""

    template = "CURRENT_USER"
    arity = 0
    output_field = models.TextField()


class AuditEntry(Kept):
    PREFIX = "aud"

    environment_id = models.UUIDField(null=True, editable=False)
    action = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the system has no id, which is not ""
    subject_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)
    database_role = models.CharField(max_length=63, db_default=Cast(CurrentUser(), models.CharField(max_length=63)))

    class Meta:
        db_table = "audit_entries"
        indexes = [models.Index(fields=["organization_id", "-id"], name="audit_entries_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id}"
