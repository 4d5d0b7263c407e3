"""Issuing, suspending, reinstating and revoking licenses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from licensing.actions.writing import locked, referred
from licensing.models import Customer, License, Plan, PlanVersion
from licensing.rules.holds import Hold, Move, after
from licensing.rules.terms import ends
from tenants.actions import audit
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import bad_field
from tenants.tenancy import tenant_transaction


def issue_license(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    customer: UUID,
    plan: UUID,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    quantity: int = 1,
    metadata: dict[str, Any] | None = None,
) -> License:
    """Pinned to the plan's published version; starts now and ends as the plan says unless told otherwise."""
    start = starts_at or now
    if expires_at is not None and expires_at <= start:
        raise bad_field("expires_at", "The end must be after the start.")
    with tenant_transaction(within.organization_id):
        holder = referred(Customer, customer, within, field="customer")
        sold = referred(Plan, plan, within, field="plan")
        terms = PlanVersion.objects.within(within).get(plan=sold.id, version=sold.published_version)
        end = ends(start, expires_at=expires_at, duration_days=terms.duration_days, trial_days=terms.trial_days)
        row = License(
            organization_id=within.organization_id,
            environment_id=within.id,
            customer=holder,
            plan=sold,
            plan_version=sold.published_version,
            starts_at=start,
            expires_at=end.expires_at,
            trial_ends_at=end.trial_ends_at,
            quantity=quantity,
            metadata=metadata or {},
            created_at=now,
        )
        insert_and_tell(row, now=now)
        changes = {"customer": holder.public_id, "plan": sold.public_id, "version": sold.published_version}
        audit.record("license.created", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def suspend_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime, reason: str = "") -> License:
    return _move(license_id, Move.SUSPEND, within=within, by=by, now=now, reason=reason)


def reinstate_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime) -> License:
    return _move(license_id, Move.REINSTATE, within=within, by=by, now=now)


def revoke_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime, reason: str = "") -> License:
    return _move(license_id, Move.REVOKE, within=within, by=by, now=now, reason=reason)


_AUDITED = {Move.SUSPEND: "license.suspended", Move.REINSTATE: "license.reinstated", Move.REVOKE: "license.revoked"}


def _move(license_id: UUID, move: Move, *, within: Environment, by: Actor, now: datetime, reason: str = "") -> License:
    with tenant_transaction(within.organization_id):
        row = locked(License, license_id, within)
        before = hold_of(row)
        hold = after(before, move)
        if hold is before:
            return row
        if hold is Hold.REVOKED:
            row.revoked_at, row.revocation_reason = now, reason
        else:
            row.suspended_at = now if hold is Hold.SUSPENDED else None
            row.suspension_reason = reason
        update_and_tell(row, "revoked_at", "revocation_reason", "suspended_at", "suspension_reason", now=now)
        changes = {"reason": reason} if reason else {}
        audit.record(_AUDITED[move], row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def hold_of(row: License) -> Hold:
    if row.revoked_at is not None:
        return Hold.REVOKED
    return Hold.NONE if row.suspended_at is None else Hold.SUSPENDED
