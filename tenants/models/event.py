"""An event: what happened, told to whoever reads `GET /v1/events`, in an order that nothing is ever put before."""

from django.db import models

from tenants.models.kept import InEnvironment, Kept
from tenants.tenancy import TenantModel


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

    class Meta:
        db_table = "events"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "subject_id", "type", "occasion"], name="events_occasion_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "position"], name="events_in_order"),
            models.Index(fields=["created_at"], name="events_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"


class EventWaiting(TenantModel):
    """An event without a position yet, and its turn; as audit_waiting."""

    event_id = models.UUIDField(primary_key=True)
    turn = models.BigIntegerField()

    class Meta:
        db_table = "events_waiting"
        indexes = [models.Index(fields=["organization_id", "turn", "event_id"], name="events_waiting_in_order")]

    def __str__(self) -> str:
        return str(self.event_id)
