"""Issuing and revoking keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from licensing.actions.licenses import hold_of
from licensing.actions.writing import locked, referred
from licensing.models import Key, License
from licensing.queries.licenses import granted_scopes
from licensing.rules.holds import Hold, Move, after
from tenants.actions import audit
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
    name: str | None = None,
    prefix: str = DEFAULT_PREFIX,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    metadata: dict[str, Any] | None = None,
) -> tuple[Key, str]:
    """The new row and its secret, which is never seen again. `scopes` None means all the license has, always."""
    if expires_at is not None and expires_at <= now:
        raise bad_field("expires_at", "The end must be in the future.")
    secret, digest = _secret(prefix, within)
    with tenant_transaction(within.organization_id):
        holder = referred(License, license, within, field="license")
        if hold_of(holder) is Hold.REVOKED:
            raise Refusal("license_revoked", "conflict", "This license was revoked; it takes no new keys.")
        _check_scopes(scopes, holder, within)
        row = Key(
            organization_id=within.organization_id,
            environment_id=within.id,
            license=holder,
            name=name,
            prefix=prefix,
            digest=digest.value,
            pepper_version=digest.pepper_version,
            last4=secret[-4:],
            scopes=None if scopes is None else list(scopes),
            expires_at=expires_at,
            metadata=metadata or {},
            created_at=now,
        )
        insert_and_tell(row, now=now)
        changes = {"license": holder.public_id, "name": name, "last4": row.last4}
        audit.record("key.created", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row, secret


def _secret(prefix: str, within: Environment) -> tuple[str, Digest]:
    if prefix == key_format.SECRET_KEY_PREFIX:
        raise bad_field("prefix", "This prefix marks our own secret keys; choose another.")
    secret = key_format.generate(prefix, "live" if within.kind == "live" else "test")
    return secret, key_digests(settings.LICET_PEPPERS, within.public_id, secret)[0]


def revoke_key(key_id: UUID, *, within: Environment, by: Actor, now: datetime, reason: str = "") -> Key:
    """Revoking what is revoked changes nothing and is not an error."""
    with tenant_transaction(within.organization_id):
        row = locked(Key, key_id, within)
        before = Hold.NONE if row.revoked_at is None else Hold.REVOKED
        if after(before, Move.REVOKE) is before:
            return row
        row.revoked_at, row.revocation_reason = now, reason
        update_and_tell(row, "revoked_at", "revocation_reason", now=now)
        changes = {"reason": reason} if reason else {}
        audit.record("key.revoked", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def _check_scopes(scopes: Sequence[str] | None, holder: License, within: Environment) -> None:
    if scopes is None:
        return
    if beyond := sorted(set(scopes) - set(granted_scopes(holder, within))):
        raise bad_field("scopes", f"The license does not have {', '.join(beyond)}.", "scope_beyond_license")
