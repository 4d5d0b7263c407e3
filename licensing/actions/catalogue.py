"""Creating products, features and meters."""

from collections.abc import Sequence
from datetime import datetime

from licensing.actions.writing import unique
from licensing.models import Feature, Meter, Product
from licensing.models.catalogue import Coded
from tenants.actions import audit
from tenants.models import Environment
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction


def create_product(
    *, within: Environment, by: Actor, now: datetime, code: str, name: str, audience: str | None = None
) -> Product:
    row = Product(code=code, name=name, audience=audience or code)
    _create(row, "product.created", within=within, by=by, now=now)
    return row


def create_feature(*, within: Environment, by: Actor, now: datetime, code: str, name: str, kind: str) -> Feature:
    row = Feature(code=code, name=name, kind=kind)
    _create(row, "feature.created", within=within, by=by, now=now)
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
    _create(row, "meter.created", within=within, by=by, now=now)
    return row


def _create(row: Coded, action: str, *, within: Environment, by: Actor, now: datetime) -> None:
    row.organization_id, row.environment_id, row.created_at = within.organization_id, within.id, now
    with unique("code", "_code_once"), tenant_transaction(within.organization_id):
        row.insert()
        audit.record(action, row, by=by, now=now, environment_id=within.id, changes={"code": row.code})
