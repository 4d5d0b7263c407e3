"""Issuing and revoking our own secret keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from tenants.actions import audit
from tenants.actions.issued import Issued
from tenants.actions.writing import applied, locked
from tenants.models import Environment, SecretKey
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import GRANTABLE, Actor, uncovered
from tenants.rules.refusal import Refusal, bad_field
from tenants.tenancy import Place, tenant_transaction
from verify import key_format
from verify.digests import secret_key_digests


def issue_secret_key(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> Issued[SecretKey]:
    """The new row and its secret, which is never seen again. Refuses what `by` has not got itself."""
    if unknown := sorted(set(scopes) - GRANTABLE):
        raise bad_field("scopes", f"There is no scope {', '.join(unknown)}.", "unknown_scope")
    if by.kind != "system" and (beyond := uncovered(by.permissions, scopes)):
        detail = f"Only scopes that you have yourself can be issued; you lack {', '.join(beyond)}."
        raise Refusal("scope_beyond_own", "forbidden", detail)
    if expires_at is not None and expires_at <= now:
        raise bad_field("expires_at", "The end must be in the future.")
    if by.expires_at is not None and (expires_at is None or expires_at > by.expires_at):
        detail = "A secret key issues none that outlives it; give an `expires_at` no later than its own."
        raise Refusal("expiry_beyond_own", "forbidden", detail)
    secret = key_format.generate(key_format.SECRET_KEY_PREFIX, "live" if within.kind == "live" else "test")
    digest = secret_key_digests(settings.LICET_PEPPERS, secret)[0]
    row = SecretKey(
        organization_id=within.organization_id,
        environment_id=within.id,
        name=name,
        scopes=sorted(set(scopes)),
        digest=digest.value,
        pepper_version=digest.pepper_version,
        last4=secret[-4:],
        expires_at=expires_at,
        created_at=now,
    )
    with tenant_transaction(within.organization_id):
        insert_and_tell(row, now=now)
        changes = {"name": name, "scopes": row.scopes}
        audit.record("secret_key.issued", row, by=by, now=now, environment_id=within.id, changes=changes)
    return Issued(row, secret)


def change_secret_key(secret_key_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> SecretKey:
    """Its name; its scopes and its end can only shrink, since what it may do was decided when it was issued."""
    with tenant_transaction(within.organization_id):
        row = locked(SecretKey, secret_key_id, within)
        if row.revoked_at is not None:
            raise Refusal("already_revoked", "conflict", "What was revoked stays as it is; issue a new one.")
        if "scopes" in given:
            given["scopes"] = sorted(given["scopes"])
            if beyond := uncovered(row.scopes, given["scopes"]):
                detail = f"Scopes can only be taken away; it lacks {', '.join(beyond)}. Issue a new one."
                raise bad_field("scopes", detail, "scope_beyond_own")
        end = given.get("expires_at", row.expires_at)
        if end != row.expires_at and (end is None or (row.expires_at is not None and end > row.expires_at)):
            raise bad_field("expires_at", "The end can only come earlier; issue a new one.", "expiry_beyond_own")
        if changes := applied(row, given):
            update_and_tell(row, *changes, now=now)
            audit.record("secret_key.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def revoke_secret_key(secret_key_id: UUID, *, within: Place, by: Actor, now: datetime) -> SecretKey:
    """Revoking what is revoked changes nothing and is not an error."""
    with tenant_transaction(within.organization_id):
        row = locked(SecretKey, secret_key_id, within)
        if row.revoked_at is None:
            row.revoked_at = now
            update_and_tell(row, "revoked_at", now=now)
            audit.record("secret_key.revoked", row, by=by, now=now, environment_id=within.id)
    return row
