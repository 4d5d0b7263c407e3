"""Suspending, reinstating and revoking, which licenses and keys have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from licensing.models.held import Held
from licensing.rules.holds import Hold, Move, after
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import locked
from tenants.models import Environment
from tenants.publishing.outbox import update_and_tell
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction

H = TypeVar("H", bound=Held)

_WORDS = {Move.SUSPEND: "suspended", Move.REINSTATE: "reinstated", Move.REVOKE: "revoked"}
_COLUMNS = ("revoked_at", "revocation_reason", "suspended_at", "suspension_reason")


def move(
    model: type[H],
    row_id: UUID,
    move: Move,
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    reason: str = "",
    then: Callable[..., object] | None = None,
) -> H:
    """A move to where it is already changes nothing and is not an error. `then` is for what follows from it, in the
    same transaction. Raises Refusal (404, 409).
    """
    with tenant_transaction(within.organization_id):
        row = locked(model, row_id, within)
        hold = after(row.hold, move)
        if hold is row.hold:
            return row
        if hold is Hold.REVOKED:
            row.revoked_at, row.revocation_reason = now, reason
        else:
            row.suspended_at = now if hold is Hold.SUSPENDED else None
            row.suspension_reason = reason
        update_and_tell(row, *_COLUMNS, now=now)
        what, changes = f"{model.FACT_KIND}.{_WORDS[move]}", {"reason": reason} if reason else {}
        audit.record(what, row, by=by, now=now, environment_id=within.id, changes=changes)
        announce(what, row, within=within, by=by, now=now, data=changes)
        if then is not None:
            then(row, within=within, by=by, now=now)
    return row
