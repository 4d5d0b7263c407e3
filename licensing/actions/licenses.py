"""Issuing and changing licenses."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from licensing.actions.billing import refuse_if_managed
from licensing.actions.holding import move
from licensing.actions.seats import settle_seats
from licensing.actions.terms import check_terms
from licensing.models import Customer, License, Plan, PlanVersion
from licensing.queries.licenses import effective_version
from licensing.rules.holds import Hold, Move
from licensing.rules.terms import Ends, ends, renewed
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import applied, locked, referred
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, bad_field
from tenants.tenancy import tenant_transaction

BILLED = {"expires_at", "quantity"}  # what a subscription says where one drives the license


def issue_license(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    customer: UUID,
    plan: UUID,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    **described: Any,
) -> License:
    """Pinned to the plan's published version; starts now and ends as the plan says unless told otherwise.

    `described`: quantity, overrides, metadata.
    """
    start = starts_at or now
    _check_order(start, expires_at)
    with tenant_transaction(within.organization_id):
        holder = referred(Customer, customer, within, field="customer")
        sold = referred(Plan, plan, within, field="plan")
        check_terms(described.get("overrides", {}), within, at="overrides/")
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
            created_at=now,
            **described,
        )
        insert_and_tell(row, now=now)
        changes = {"customer": holder.public_id, "plan": sold.public_id, "version": row.plan_version}
        audit.record("license.created", row, by=by, now=now, environment_id=within.id, changes=changes)
        announce("license.created", row, within=within, by=by, now=now, data=changes)
    return row


def change_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> License:
    """Each given field replaces the whole old one. An end that is given ends a trial's being a trial."""
    with tenant_transaction(within.organization_id):
        row = _unrevoked(license_id, within)
        if not BILLED.isdisjoint(given):
            refuse_if_managed(row)
        _check_order(row.starts_at, given.get("expires_at"))
        check_terms(given.get("overrides", {}), within, at="overrides/")
        if "expires_at" in given:
            given["trial_ends_at"] = None
        if changes := applied(row, given):
            _changed(row, "license.updated", changes, within=within, by=by, now=now)
    return row


def renew_license(
    license_id: UUID, *, within: Environment, by: Actor, now: datetime, expires_at: datetime | None = None
) -> License:
    """Until `expires_at`, or as long again as its plan lasts. What had expired is open again."""
    with tenant_transaction(within.organization_id):
        row = _unrevoked(license_id, within)
        refuse_if_managed(row)
        terms = PlanVersion.objects.within(within).get(plan=row.plan_id, version=effective_version(row))
        end = renewed(
            Ends(row.expires_at, row.trial_ends_at),
            starts_at=row.starts_at,
            now=now,
            asked=expires_at,
            duration_days=terms.duration_days,
        )
        if changes := applied(row, end._asdict()):
            _changed(row, "license.renewed", changes, within=within, by=by, now=now)
    return row


def change_plan_of_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime, plan: UUID) -> License:
    """To the new plan's published version. Its dates, its keys and what it has used stay."""
    with tenant_transaction(within.organization_id):
        row = _unrevoked(license_id, within)
        refuse_if_managed(row)
        sold = referred(Plan, plan, within, field="plan")
        if sold.id == row.plan_id:
            return row
        old = Plan.objects.within(within).get(pk=row.plan_id)
        row.plan, row.plan_version = sold, sold.published_version
        changes = {"plan": {"from": old.public_id, "to": sold.public_id}, "version": sold.published_version}
        update_and_tell(row, "plan", "plan_version", now=now)
        audit.record("license.plan_changed", row, by=by, now=now, environment_id=within.id, changes=changes)
        announce("license.updated", row, within=within, by=by, now=now, data=changes)
        settle_seats(row, within=within, by=by, now=now)
    return row


suspend_license = partial(move, License, move=Move.SUSPEND, then=settle_seats)
reinstate_license = partial(move, License, move=Move.REINSTATE, then=settle_seats)
revoke_license = partial(move, License, move=Move.REVOKE, then=settle_seats)


def _check_order(starts_at: datetime, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= starts_at:
        raise bad_field("expires_at", "The end must be after the start.")


def _unrevoked(license_id: UUID, within: Environment) -> License:
    row = locked(License, license_id, within)
    if row.hold is Hold.REVOKED:
        raise Refusal("already_revoked", "conflict", "What was revoked stays as it is; issue a new license.")
    return row


def _changed(
    row: License, what: str, changes: dict[str, Any], *, within: Environment, by: Actor, now: datetime
) -> None:
    update_and_tell(row, *changes, now=now)
    audit.record(what, row, by=by, now=now, environment_id=within.id, changes=changes)
    announce(what, row, within=within, by=by, now=now, data=changes)
    settle_seats(row, within=within, by=by, now=now)
