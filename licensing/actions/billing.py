"""Writing what billing says of a license: the one way in for whoever knows a subscription.

What was decided by hand stays. Each change of billing's status is told once, by whoever sees it first under the
license's lock: this, or the sweep over what the clock brings.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from licensing.actions.seats import settle_seats
from licensing.models import Customer, License, Plan, PlanVersion
from licensing.queries.licenses import effective_version
from licensing.rules.billing import Billing, told_as
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import applied, locked
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from tenants.tenancy import Place, tenant_transaction
from verify.license_status import Status

STRIPE = "stripe"
_INSTANT = timedelta(milliseconds=1)


def issue_billed_license(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    customer: UUID,
    billing: Billing,
    metadata: dict[str, Any] | None = None,
) -> License:
    """Of the plan's published version. `billing.plan` must be known."""
    with tenant_transaction(within.organization_id):
        holder = Customer.objects.within(within).get(pk=customer)
        sold = Plan.objects.within(within).get(pk=billing.plan)
        row = License(
            organization_id=within.organization_id,
            environment_id=within.id,
            customer=holder,
            plan=sold,
            plan_version=sold.published_version,
            starts_at=min(billing.starts_at, now),
            managed_by=STRIPE,
            metadata=metadata or {},
            created_at=now,
        )
        for field, value in _columns(row, billing, within).items():
            setattr(row, field, value)
        status = _billing_status(row, now)
        row.told_status = status
        insert_and_tell(row, now=now)
        changes = {"customer": holder.public_id, "plan": sold.public_id, "version": row.plan_version}
        changes |= {"managed_by": STRIPE, "status": str(status)}
        audit.record("license.created", row, by=by, now=now, environment_id=within.id, changes=changes)
        announce("license.created", row, within=within, by=by, now=now, data=changes)
    return row


def bill_license(license_id: UUID, *, within: Environment, by: Actor, now: datetime, billing: Billing) -> License:
    """Writes what differs; the same again writes nothing. A new plan is taken in its published version."""
    with tenant_transaction(within.organization_id):
        row = locked(License, license_id, within)
        paid_before = row.paid_until
        changes = _with_plan(row, billing, within) | applied(row, _columns(row, billing, within))
        renewed = paid_before is not None and row.paid_until is not None and row.paid_until > paid_before
        _tell(row, changes, within=within, by=by, now=now, renewed=renewed)
    return row


def tell_billing(license_id: UUID, *, within: Place, by: Actor, now: datetime) -> bool:
    """Announces what the clock alone has changed; False if there is nothing new."""
    with tenant_transaction(within.organization_id):
        row = locked(License, license_id, within)
        return _tell(row, {}, within=within, by=by, now=now, renewed=False)


def settle_grace(license_id: UUID, *, within: Place, by: Actor, now: datetime) -> bool:
    """By the terms that are in force by now; False if they give the same days."""
    with tenant_transaction(within.organization_id):
        row = locked(License, license_id, within)
        changes = applied(row, {"grace_ends_at": _grace_ends_at(row, row.unpaid_since, within)})
        return bool(changes) and _tell(row, changes, within=within, by=by, now=now, renewed=False)


def refuse_if_managed(row: License) -> None:
    """Raises Refusal (409) for what a subscription decides."""
    if row.managed_by is not None:
        detail = "A Stripe subscription drives this license: change it there."
        raise Refusal("managed_by_stripe", "conflict", detail)


def _tell(row: License, changes: dict[str, Any], *, within: Place, by: Actor, now: datetime, renewed: bool) -> bool:
    status, before = _billing_status(row, now), row.told_status
    renewed = renewed and status in (Status.ACTIVE, Status.TRIALING)
    if status == before and not changes:
        return False
    columns = [*(column for field in changes for column in _COLUMNS_OF.get(field, (field,))), "told_status"]
    row.told_status = status
    what = told_as(before, status, renewed=renewed)
    if status != before:
        changes = changes | {"status": {"from": before, "to": str(status)}}
        reason = row.billing_standing(now)
        changes |= {"reason": reason.reason} if reason and reason.reason else {}
    update_and_tell(row, *columns, now=now)
    audit.record(what, row, by=by, now=now, environment_id=within.id, changes=changes)
    announce(what, row, within=within, by=by, now=now, data=changes)
    settle_seats(row, within=within, by=by, now=now)
    return True


_COLUMNS_OF = {"plan": ("plan", "plan_version"), "version": ()}


def _billing_status(row: License, now: datetime) -> Any:
    standing = row.billing_standing(now)
    return None if standing is None else standing.status


def _with_plan(row: License, billing: Billing, within: Environment) -> dict[str, Any]:
    if billing.plan is None or billing.plan == row.plan_id:
        return {}
    old = Plan.objects.within(within).get(pk=row.plan_id)
    sold = Plan.objects.within(within).get(pk=billing.plan)
    row.plan, row.plan_version = sold, sold.published_version
    return {"plan": {"from": old.public_id, "to": sold.public_id}, "version": sold.published_version}


def _grace_ends_at(row: License, unpaid_since: datetime | None, within: Place) -> datetime | None:
    if unpaid_since is None:
        return None
    version = PlanVersion.objects.within(within).get(plan=row.plan_id, version=effective_version(row))
    ends: datetime = unpaid_since + timedelta(days=version.grace_days)
    return ends


def _columns(row: License, billing: Billing, within: Place) -> dict[str, Any]:
    anchor, unit, length = billing.period or (row.period_anchor, row.period_unit, row.period_count)
    ends = billing.expires_at
    told: dict[str, Any] = {
        "managed_by": STRIPE,
        "billing_state": billing.state.value,
        "billing_reason": billing.reason,
        "trial_ends_at": billing.trial_ends_at,
        "expires_at": None if ends is None else max(ends, row.starts_at + _INSTANT),
        "unpaid_since": billing.unpaid_since,
        "grace_ends_at": _grace_ends_at(row, billing.unpaid_since, within),
        "paid_until": billing.paid_until,
        "ended_at": billing.ended_at,
        "period_anchor": anchor,
        "period_unit": unit,
        "period_count": length,
    }
    return told | ({} if billing.plan is None else {"quantity": billing.quantity})
