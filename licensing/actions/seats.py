"""Seats of a license: refusing one too many, and flagging a license that has too few of them.

Whoever changes keys or seats holds the license's lock and calls what is here; nothing else decides either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from licensing.models import License
from licensing.queries.licenses import seats_of
from licensing.rules.seats import Flag, Seats, flag_of, takes_too_many
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import locked
from tenants.clock import milliseconds
from tenants.publishing.outbox import update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from tenants.tenancy import Place, tenant_transaction
from verify.answer import rfc3339

_FLAG = ("over_limit_since", "over_limit_ends_at", "over_limit_told")


@contextmanager
def seats_for(row: License, *, within: Place, by: Actor, now: datetime) -> Iterator[None]:
    """Around what may take a seat of `row`, which is locked. Raises Refusal (409) if that is one too many."""
    before = seats_of(row, within, now)
    yield
    if not before.are_counted and row.flag is None:
        return
    after = seats_of(row, within, now)
    if takes_too_many(before, after):
        raise _reached(row, after)
    _settle(row, after, within=within, by=by, now=now)


def settle_seats(row: License, *, within: Place, by: Actor, now: datetime) -> bool:
    """Flags `row`, which is locked, or clears it, as its seats are now. Tells once what that changes, and what the
    clock has changed since it was flagged. Returns whether there was anything to tell.
    """
    return _settle(row, seats_of(row, within, now), within=within, by=by, now=now)


def settle_license(license_id: UUID, *, within: Place, by: Actor, now: datetime) -> bool:
    """The same of a license that nobody holds yet."""
    with tenant_transaction(within.organization_id):
        row = locked(License, license_id, within)
        return settle_seats(row, within=within, by=by, now=now)


def is_settled(row: License, seats: Seats, now: datetime) -> bool:
    """Whether there is nothing to do; for who looks at many."""
    return flag_of(seats, row.flag, now) == row.flag and _is_told(row, now)


def _settle(row: License, seats: Seats, *, within: Place, by: Actor, now: datetime) -> bool:
    whose: dict[str, Any] = {"within": within, "by": by, "now": now}
    told = _tell_suspension(row, **whose)  # before anything else, so that what ends was told to have begun
    before, after = row.flag, flag_of(seats, row.flag, now)
    if after == before:
        return told
    what = "license.over_limit" if after else "license.reinstated" if row.over_limit_told else "license.updated"
    row.over_limit_since, row.over_limit_ends_at = after or (None, None)
    row.over_limit_told = False
    changes = {"over_limit": {"from": _said(before), "to": _said(after)}, "seats": seats.quantity, "taken": seats.taken}
    _tell(row, what, changes, **whose)
    _tell_suspension(row, **whose)
    return True


def _tell_suspension(row: License, *, within: Place, by: Actor, now: datetime) -> bool:
    """Where something else suspends it now, that was told; that this does is told anew once that is over."""
    if _is_told(row, now):
        return False
    row.over_limit_told = not row.over_limit_told
    if not row.over_limit_told:
        update_and_tell(row, *_FLAG, now=now)
        return False
    _tell(row, "license.suspended", {"reason": "over_limit"}, within=within, by=by, now=now)
    return True


def _is_told(row: License, now: datetime) -> bool:
    """Whether what was told last of its suspension for seats is so; before the deadline there is nothing to tell."""
    over = row.flag is not None and row.flag.is_over(now)
    return not over or row.over_limit_told == row.is_suspended_for_seats(now)


def _tell(row: License, what: str, changes: dict[str, Any], *, within: Place, by: Actor, now: datetime) -> None:
    update_and_tell(row, *_FLAG, now=now)
    audit.record(what, row, by=by, now=now, environment_id=within.id, changes=changes)
    announce(what, row, within=within, by=by, now=now, data=changes)


def _said(flag: Flag | None) -> dict[str, Any] | None:
    if flag is None:
        return None
    return {"since": rfc3339(milliseconds(flag.since)), "ends_at": rfc3339(milliseconds(flag.ends_at))}


def _reached(row: License, seats: Seats) -> Refusal:
    s = "" if seats.quantity == 1 else "s"
    detail = (
        f"The license {row.public_id} has {seats.quantity} seat{s}, and {seats.taken} would be taken: "
        "revoke a key that is not needed, or raise its quantity."
    )
    return Refusal("seat_limit_reached", "conflict", detail)
