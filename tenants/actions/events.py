"""Announcing what happened, inside the change's own transaction, to whoever reads events."""

from datetime import datetime
from typing import Any

from tenants.models import Event
from tenants.models.kept import Kept
from tenants.rules.permissions import Actor
from tenants.tenancy import Place


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
