"""An event: what happened, told to whoever reads `GET /v1/events`, in an order that nothing is ever put before."""

from django.db import models
from django.db.models.functions import Cast

from tenants.models.kept import InEnvironment, Kept


class CurrentTransaction(models.Func):
    """The number of the transaction that writes."""

    template = "pg_current_xact_id()::text"
    arity = 0
    output_field = models.TextField()


class Event(Kept, InEnvironment):
    """`position` is given by the sequencer after commit; without one it is not shown yet. `occasion` names what may
    be announced only once, e.g. the end that is near.
    """

    PREFIX = "evt"

    type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    occasion = models.CharField(max_length=64, null=True)  # noqa: DJ001 - most happen as often as they happen
    request_id = models.CharField(max_length=40, null=True)  # noqa: DJ001 - what no request caused has none
    position = models.BigIntegerField(null=True)
    transaction_id = models.BigIntegerField(db_default=Cast(CurrentTransaction(), models.BigIntegerField()))

    class Meta:
        db_table = "events"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "subject_id", "type", "occasion"], name="events_occasion_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "position"], name="events_in_order"),
            models.Index(fields=["id"], name="events_waiting", condition=models.Q(position__isnull=True)),
            models.Index(fields=["created_at"], name="events_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"
