"""The outbox: what the data plane must still be told, and the epoch all of it is told in."""

from django.db import models

from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid


class OutboxEntry(TenantModel):
    """One changed fact; `published_at` null until Redis has it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    revision = models.BigIntegerField()
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_entries"
        indexes = [
            models.Index(fields=["id"], name="outbox_entries_waiting", condition=models.Q(published_at__isnull=True)),
            models.Index(fields=["organization_id", "subject_id"], name="outbox_entries_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} at {self.revision}"


class FactsEpoch(models.Model):
    """One row. Raised whenever everything is told anew; a fact of a higher epoch replaces any of a lower.

    `noted_revision` and `store_run` are what the relay last saw of Redis: a store that stands below that, or was
    started anew, may have forgotten what it had acknowledged.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    epoch = models.BigIntegerField(default=1)
    noted_revision = models.BigIntegerField(default=0)
    store_run = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "facts_epoch"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="facts_epoch_one_row")]

    def __str__(self) -> str:
        return str(self.epoch)
