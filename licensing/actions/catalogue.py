"""Creating, changing and removing products, features and meters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from licensing.models import Catalog, Feature, Meter, Product
from licensing.models.catalogue import Coded
from licensing.queries.catalogue import REQUESTS, used_by
from tenants.actions import audit
from tenants.actions.writing import applied, locked, unique
from tenants.models import Environment
from tenants.publishing.outbox import delete_for_good, insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from tenants.tenancy import Place, tenant_transaction

C = TypeVar("C", bound=Coded)


def create_product(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    code: str,
    name: str,
    audience: str | None = None,
    upgrade_url: str | None = None,
) -> Product:
    """`upgrade_url` is where a denied caller's verdict says that a larger plan is sold."""
    row = Product(code=code, name=name, audience=audience or code, upgrade_url=upgrade_url)
    _create(row, within=within, by=by, now=now)
    return row


def create_feature(*, within: Environment, by: Actor, now: datetime, code: str, name: str, kind: str) -> Feature:
    row = Feature(code=code, name=name, kind=kind)
    _create(row, within=within, by=by, now=now)
    return row


def create_meter(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    code: str,
    name: str,
    aggregation: str,
    unit: str = "",
    properties: Sequence[str] = (),
    stripe_event_name: str | None = None,
) -> Meter:
    row = Meter(
        code=code,
        name=name,
        aggregation=aggregation,
        unit=unit,
        properties=list(properties),
        stripe_event_name=stripe_event_name or code,
    )
    _create(row, within=within, by=by, now=now)
    return row


def change_coded(model: type[C], row_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> C:
    """Each given field replaces the old one; the code stays, as plans refer to it."""
    with tenant_transaction(within.organization_id):
        row = locked(model, row_id, within)
        if changes := applied(row, given):
            update_and_tell(row, *changes, now=now)
            _retell(model, within, now)
            audit.record(f"{_noun(model)}.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def remove_coded(model: type[C], row_id: UUID, *, within: Environment, by: Actor, now: datetime) -> C:
    """Only what nothing refers to. Raises Refusal (409)."""
    with tenant_transaction(within.organization_id):
        row = locked(model, row_id, within)
        held_catalog(within)
        if user := used_by(row, within):
            raise Refusal("in_use", "conflict", f"{user} refers to this {_noun(model)}, so it stays.")
        delete_for_good(row)
        _retell(model, within, now)
        changes = {"code": row.code, "name": row.name}
        audit.record(f"{_noun(model)}.removed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def furnish_environment(environment: Environment, *, now: datetime) -> None:
    """What every environment has from the start, inside the transaction that makes it: the meter `requests`, and a
    catalog to tell it in.
    """
    place = {"organization_id": environment.organization_id, "environment_id": environment.id, "created_at": now}
    meter = Meter(code=REQUESTS, name="Requests", aggregation="sum", stripe_event_name=REQUESTS, **place)
    insert_and_tell(meter, now=now)
    insert_and_tell(Catalog(**place), now=now)


def retell_catalog(within: Place, *, now: datetime) -> None:
    """Last in a transaction that changes what is sold; the lock keeps two such changes in one order."""
    update_and_tell(held_catalog(within), now=now)


def held_catalog(within: Place) -> Catalog:
    """Held until the transaction ends, after the row that is to change: nobody else changes what is sold meanwhile, or
    makes terms that refer to it (licensing.actions.terms).
    """
    row: Catalog = Catalog.objects.within(within).select_for_update(no_key=True).get()
    return row


def _retell(model: type[Coded], within: Place, now: datetime) -> None:
    """Features are told with the plans that grant them."""
    if model is not Feature:
        retell_catalog(within, now=now)


def _create(row: Coded, *, within: Environment, by: Actor, now: datetime) -> None:
    row.organization_id, row.environment_id, row.created_at = within.organization_id, within.id, now
    with unique("code", "_code_once"), tenant_transaction(within.organization_id):
        insert_and_tell(row, now=now)
        _retell(type(row), within, now)
        what = f"{_noun(type(row))}.created"
        audit.record(what, row, by=by, now=now, environment_id=within.id, changes={"code": row.code})


def _noun(model: type[Coded]) -> str:
    return model.__name__.lower()
