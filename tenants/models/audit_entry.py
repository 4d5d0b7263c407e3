"""The audit log: who changed what, written in the same transaction as the change, and chained in commit order.

The database refuses to alter an entry. As its transaction commits, a trigger gives each new one a turn in
`audit_waiting`; the sequencer links what waits into its organization's chain, in the order of turns, and seals the
chain's head (docs/decisions/audit-chain.md).
"""

from django.db import models
from django.db.models.functions import Cast

from tenants.models.kept import Kept
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid


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
    request_id = models.CharField(max_length=40, null=True)  # noqa: DJ001 - what no request caused has none
    database_role = models.CharField(max_length=63, db_default=Cast(CurrentUser(), models.CharField(max_length=63)))

    class Meta:
        db_table = "audit_entries"
        constraints = [models.UniqueConstraint(fields=["organization_id", "id"], name="audit_entries_tenant_key")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id}"


class AuditWaiting(TenantModel):
    """An entry that is not chained yet; written by a trigger, removed by the sequencer alone."""

    entry_id = models.UUIDField(primary_key=True)
    turn = models.BigIntegerField()

    class Meta:
        db_table = "audit_waiting"
        indexes = [models.Index(fields=["organization_id", "turn", "entry_id"], name="audit_waiting_in_order")]

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditLink(TenantModel):
    """One link: `hash` is of the link before and of the entry. Positions count from 1 in each organization."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    position = models.BigIntegerField()
    entry_id = models.UUIDField(unique=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_chain"
        constraints = [models.UniqueConstraint(fields=["organization_id", "position"], name="audit_chain_once")]

    def __str__(self) -> str:
        return f"{self.position} {self.entry_id}"


class AuditHead(TenantModel):
    """How long an organization's chain is and how it ends, sealed: who can only write tables cannot forge it."""

    organization_id = models.UUIDField(primary_key=True, editable=False)
    sealed = models.BinaryField()

    class Meta:
        db_table = "audit_heads"

    def __str__(self) -> str:
        return str(self.organization_id)
