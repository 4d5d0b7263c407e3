"""Announcing what happened: inside the change's own transaction, or once when the clock brings it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tenants.clock import milliseconds
from tenants.models import Event
from tenants.models.kept import Kept
from tenants.rules.permissions import Actor
from tenants.tenancy import Place
from verify.answer import rfc3339


def announce(
    type: str,  # noqa: A002 - the word of the contract
    subject: Kept,
    *,
    within: Place,
    by: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """`data` is shown to whoever may read events: never a secret in it."""
    Event(
        organization_id=within.organization_id,
        environment_id=within.id,
        type=type,
        subject_id=subject.public_id,
        data=data or {},
        request_id=by.request_id,
        created_at=now,
    ).insert()


class Occasion(NamedTuple):
    """What is announced once: that `type` came for the subject at that moment, however often somebody looks."""

    type: str
    subject: Any  # a Kept in an environment
    moment: datetime
    data: dict[str, Any]

    @property
    def name(self) -> tuple[str, str, str]:
        return self.subject.public_id, self.type, str(rfc3339(milliseconds(self.moment)))


def unannounced(occasions: Sequence[Occasion]) -> list[Occasion]:
    subjects = {one.subject.public_id for one in occasions}
    known = Event.objects.across_tenants().filter(subject_id__in=subjects, occasion__isnull=False)
    told = set(known.values_list("subject_id", "type", "occasion"))
    return [one for one in occasions if one.name not in told]


def announce_occasions(occasions: Sequence[Occasion], *, now: datetime) -> None:
    """For sweeps, across tenants. One that is announced by another sweep at this moment is left to it."""
    rows = [
        Event(
            organization_id=one.subject.organization_id,
            environment_id=one.subject.environment_id,
            type=one.type,
            subject_id=one.subject.public_id,
            data=one.data,
            occasion=one.name[2],
            created_at=now,
        )
        for one in occasions
    ]
    Event.objects.across_tenants().bulk_create(rows, ignore_conflicts=True)
