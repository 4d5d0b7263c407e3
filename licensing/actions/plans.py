"""Creating a plan, changing its terms as a new version, and publishing a version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from licensing.actions.catalogue import held_catalog, retell_catalog
from licensing.actions.clock.grace import hand_out_grace
from licensing.actions.clock.seats import BEGINNING
from licensing.actions.terms import check_terms
from licensing.models import Plan, PlanVersion, Product
from licensing.models.plan import TERMS
from licensing.rules.seats import UNCOUNTED
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import applied, locked, referred, unique
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction


def create_plan(
    *, within: Environment, by: Actor, now: datetime, product: UUID, code: str, name: str, **terms: Any
) -> Plan:
    """Its version 1 is in force at once: a plan that was never published could not be sold."""
    row = Plan(organization_id=within.organization_id, environment_id=within.id, code=code, name=name, created_at=now)
    with unique("code", "plans_code_once"), tenant_transaction(within.organization_id):
        row.product_id = referred(Product, product, within, field="product", held=True).id
        held_catalog(within)
        check_terms(terms, within)
        version = _version(row, 1, terms, now)
        version.published_at = now
        insert_and_tell(row, now=now)
        version.insert()
        retell_catalog(within, now=now)
        changes = {"code": code, "version": 1}
        audit.record("plan.created", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def change_plan(plan_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> Plan:
    """Each term given replaces the whole old one in a new version, not in force until published. `name` is at once."""
    with tenant_transaction(within.organization_id):
        row = locked(Plan, plan_id, within)
        changes = applied(row, {"name": given.pop("name", row.name)})
        check_terms(given, within)
        latest = PlanVersion.objects.within(within).get(plan=row.id, version=row.latest_version)
        terms = {term: getattr(latest, term) for term in TERMS}
        version = _version(row, row.latest_version + 1, terms, now)
        if new := applied(version, given):
            row.latest_version = version.version
            version.insert()
            changes |= new | {"version": version.version}
        if not changes:
            return row
        update_and_tell(row, "name", "latest_version", now=now)
        audit.record("plan.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def publish_plan(plan_id: UUID, *, within: Environment, by: Actor, now: datetime, apply_to: str) -> Plan:
    """Puts the latest version in force for new licenses (`new`), or for all there are as well (`all`).

    Whether those have seats enough is looked at by the clock's round: there may be very many. Those in grace, who are
    few, get the grace of this version at once.
    """
    with tenant_transaction(within.organization_id):
        row = locked(Plan, plan_id, within)
        version = PlanVersion.objects.within(within).get(plan=row.id, version=row.latest_version)
        floor = row.latest_version if apply_to == "all" else row.floor_version
        if version.published_at is not None and floor == row.floor_version:
            return row
        if version.published_at is None:
            version.published_at = now
            version.save(update_fields=["published_at"])
        if floor != row.floor_version and _counts_seats(row, within):
            row.seats_looked_at = BEGINNING
        row.published_version, row.floor_version = row.latest_version, floor
        update_and_tell(row, "published_version", "floor_version", "seats_looked_at", now=now)
        retell_catalog(within, now=now)
        changes = {"version": row.published_version, "apply_to": apply_to}
        audit.record("plan.published", row, by=by, now=now, environment_id=within.id, changes=changes)
        announce("plan.published", row, within=within, by=by, now=now, data=changes)
        if apply_to == "all":
            transaction.on_commit(hand_out_grace)
    return row


def _counts_seats(plan: Plan, within: Environment) -> bool:
    """In any version, so that some license of it may be flagged or have to be."""
    versions = PlanVersion.objects.within(within).filter(plan=plan.id)
    return bool(versions.exclude(seat_policy=UNCOUNTED).exists())


def _version(plan: Plan, number: int, terms: dict[str, Any], now: datetime) -> PlanVersion:
    return PlanVersion(
        organization_id=plan.organization_id,
        environment_id=plan.environment_id,
        plan=plan,
        version=number,
        created_at=now,
        **terms,
    )
