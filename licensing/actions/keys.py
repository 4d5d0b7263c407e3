"""Issuing, changing and rotating keys."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from licensing.actions.holding import move
from licensing.actions.seats import seats_for, settle_seats
from licensing.models import Key, License
from licensing.queries.licenses import granted_scopes
from licensing.rules.holds import Hold, Move
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.issued import Issued
from tenants.actions.writing import applied, locked, referred
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, bad_field
from tenants.tenancy import tenant_transaction
from verify import key_format
from verify.digests import Digest, key_digests

DEFAULT_PREFIX = "key"


def issue_key(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    license: UUID,
    prefix: str = DEFAULT_PREFIX,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    **described: Any,
) -> Issued[Key]:
    """The new row and its secret, which is never seen again. `scopes` None means all the license has, always.

    `described`: name, allowed_ips, user, metadata.
    """
    if expires_at is not None and expires_at <= now:
        raise bad_field("expires_at", "The end must be in the future.")
    with tenant_transaction(within.organization_id):
        holder = usable_license(license, within)
        check_scopes(scopes, holder, within)
        row = Key(license=holder, prefix=prefix, scopes=scopes, expires_at=expires_at, **described)
        secret = _make(row, within, now)
        with seats_for(holder, within=within, by=by, now=now):
            insert_and_tell(row, now=now)
        changes = {"license": holder.public_id, "name": row.name, "last4": row.last4}
        audit.record("key.created", row, by=by, now=now, environment_id=within.id, changes=changes)
        announce("key.created", row, within=within, by=by, now=now, data=changes)
    return Issued(row, secret)


def change_key(key_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> Key:
    """Each given field replaces the whole old one."""
    with tenant_transaction(within.organization_id):
        row = locked(Key, key_id, within)
        if row.hold is Hold.REVOKED:
            raise _revoked()
        if (end := given.get("expires_at")) is not None and end <= now and end != row.expires_at:
            raise bad_field("expires_at", "The end must be in the future; to end it now, revoke it.")
        if given.get("scopes") is not None:
            check_scopes(given["scopes"], License.objects.within(within).get(pk=row.license_id), within)
        if changes := applied(row, given):
            with _seats_of(row, changes, within=within, by=by, now=now):
                update_and_tell(row, *changes, now=now)
            audit.record("key.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def rotate_key(key_id: UUID, *, within: Environment, by: Actor, now: datetime, overlap_seconds: int = 0) -> Issued[Key]:
    """A successor with the same license, end and bounds; the old key ends with the overlap, or sooner by itself."""
    with tenant_transaction(within.organization_id):
        old = locked(Key, key_id, within)
        status = old.status(_since_rotated(old, within, now))
        if status != "active":
            detail = f"This key is {status}; only one that works can be rotated."
            raise Refusal("key_not_active", "conflict", detail)
        kept = {field: getattr(old, field) for field in _ROTATED} | {"counts_as": old.counts_as or old.id}
        own_end = old.own_end
        row = Key(license=usable_license(old.license_id, within), rotated_from=old, expires_at=own_end, **kept)
        row.prefix = old.prefix or DEFAULT_PREFIX
        secret = _make(row, within, now)
        insert_and_tell(row, now=now)
        overlap_ends = now + timedelta(seconds=overlap_seconds)
        old.expires_at = old.handed_on_until = min(overlap_ends, old.expires_at or overlap_ends)
        old.own_expires_at = own_end
        update_and_tell(old, "expires_at", "handed_on_until", "own_expires_at", now=now)
        # Never refused, whoever holds a key that leaked; a key that is rotated twice leaves two successors.
        settle_seats(row.license, within=within, by=by, now=now)
        changes = {"successor": row.public_id, "overlap_seconds": overlap_seconds}
        audit.record("key.rotated", old, by=by, now=now, environment_id=within.id, changes=changes)
        announce("key.rotated", old, within=within, by=by, now=now, data=changes)
    return Issued(row, secret)


def _since_rotated(old: Key, within: Environment, now: datetime) -> datetime:
    """`now`, or the moment of a rotation that came first, though its clock was later."""
    successors = Key.objects.within(within).filter(rotated_from=old.pk)
    last: datetime | None = successors.aggregate(last=Max("created_at"))["last"]
    return max(now, last or now)


def _free_seat(row: Key, *, within: Environment, by: Actor, now: datetime) -> None:
    settle_seats(locked(License, row.license_id, within), within=within, by=by, now=now)


suspend_key = partial(move, Key, move=Move.SUSPEND)
reinstate_key = partial(move, Key, move=Move.REINSTATE)
revoke_key = partial(move, Key, move=Move.REVOKE, then=_free_seat)

_ROTATED = ("name", "scopes", "allowed_ips", "user", "metadata")


def usable_license(license_id: UUID, within: Environment, *, at: str = "") -> License:
    """Held until the transaction ends. Raises Refusal: 400 when it is not there, 409 when it was revoked."""
    found = referred(License, license_id, within, field=f"{at}license", held=True)
    if found.hold is Hold.REVOKED:
        raise Refusal("license_revoked", "conflict", "This license was revoked; it takes no new keys.")
    return found


def _seats_of(
    row: Key, changes: dict[str, Any], *, within: Environment, by: Actor, now: datetime
) -> AbstractContextManager[None]:
    """A key that gets another user or end may take a seat or free one."""
    if changes.keys().isdisjoint(("user", "expires_at")):
        return nullcontext()
    return seats_for(locked(License, row.license_id, within), within=within, by=by, now=now)


def check_scopes(scopes: Sequence[str] | None, holder: License, within: Environment, *, at: str = "") -> None:
    if scopes is None:
        return
    if beyond := sorted(set(scopes) - set(granted_scopes(holder, within))):
        raise bad_field(f"{at}scopes", f"The license does not have {', '.join(beyond)}.", "scope_beyond_license")


def check_prefix(prefix: str | None, *, at: str = "") -> None:
    if prefix == key_format.SECRET_KEY_PREFIX:
        raise bad_field(f"{at}prefix", "This prefix marks our own secret keys; choose another.")


def _make(row: Key, within: Environment, now: datetime) -> str:
    """Gives `row` its place, a secret and the secret's digest; returns the secret."""
    prefix = row.prefix or DEFAULT_PREFIX
    check_prefix(prefix)
    secret = key_format.generate(prefix, "live" if within.kind == "live" else "test")
    digest: Digest = key_digests(settings.LICET_PEPPERS, within.public_id, secret)[0]
    row.organization_id, row.environment_id, row.created_at = within.organization_id, within.id, now
    row.digest, row.pepper_version, row.last4 = digest.value, digest.pepper_version, secret[-4:]
    return secret


def _revoked() -> Refusal:
    return Refusal("already_revoked", "conflict", "What was revoked stays as it is; issue a new key.")
