"""Writing the audit entry of a change, inside the change's own transaction: no entry, no change."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.models import AuditEntry
from tenants.models.kept import Kept
from tenants.rules.permissions import Actor


def record(  # the parts of one sentence: who did what to which, when, and how it changed
    action: str,
    subject: Kept,
    *,
    by: Actor,
    now: datetime,
    environment_id: UUID | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """`changes` is shown to members: never a secret in it."""
    AuditEntry(
        organization_id=subject.organization_id,
        environment_id=environment_id,
        action=action,
        actor_kind=by.kind,
        actor_id=by.id,
        subject_id=subject.public_id,
        changes=changes or {},
        request_id=by.request_id,
        created_at=now,
    ).insert()
