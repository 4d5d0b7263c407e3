"""A first catalogue, customer, license and key, so that a new organization can verify something at once.

Composed of the ordinary actions, each with its own audit entry; whatever is there already and
still works is kept, what no longer works is issued anew.
"""

from datetime import datetime
from typing import NamedTuple, TypeVar

from django.conf import settings

from licensing.actions.catalogue import create_feature, create_meter, create_product
from licensing.actions.customers import create_customer
from licensing.actions.keys import issue_key
from licensing.actions.licenses import issue_license
from licensing.actions.plans import create_plan
from licensing.models import Customer, Feature, Key, License, Meter, Plan, Product
from licensing.queries.catalogue import REQUESTS
from licensing.queries.licenses import seats_of
from tenants.models import Environment
from tenants.models.kept import Kept
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction
from verify.digests import key_digests

CODE = "api"
PLAN = "starter"
CUSTOMER = "sample"
SCOPES = ["reports:read", "reports:write"]

K = TypeVar("K", bound=Kept)


class Starter(NamedTuple):
    customer: Customer
    plan: Plan
    license: License
    key: Key
    key_secret: str


def stock(within: Environment, *, by: Actor, now: datetime, key_secret: str = "") -> Starter:
    """`key_secret` is the sample key of an earlier time, kept if it still works."""
    customer = _first(Customer, within, external_id=CUSTOMER)
    if customer is None:
        customer = create_customer(within=within, by=by, now=now, name="Sample customer", external_id=CUSTOMER)
    if _first(Meter, within, code=REQUESTS) is None:
        create_meter(within=within, by=by, now=now, code=REQUESTS, name="Requests", aggregation="sum")
    plan = _plan(within, by, now)
    sold, key = _usable(within, customer, plan, key_secret, now)
    if sold is None:
        sold = issue_license(within=within, by=by, now=now, customer=customer.id, plan=plan.id)
    if key is None:
        key, key_secret = issue_key(within=within, by=by, now=now, license=sold.id, name="Sample key", prefix="demo")
    return Starter(customer, plan, sold, key, key_secret)


def _plan(within: Environment, by: Actor, now: datetime) -> Plan:
    plan = _first(Plan, within, code=PLAN)
    if plan is not None:
        return plan
    product = _first(Product, within, code=CODE)
    if product is None:
        product = create_product(within=within, by=by, now=now, code=CODE, name="API")
    if _first(Feature, within, code="export") is None:
        create_feature(within=within, by=by, now=now, code="export", name="Export", kind="boolean")
    features = {"export": True}
    return create_plan(
        within=within, by=by, now=now, product=product.id, code=PLAN, name="Starter", scopes=SCOPES, features=features
    )


def _first(model: type[K], within: Environment, **known: object) -> K | None:
    with tenant_transaction(within.organization_id):
        row: K | None = model.objects.within(within).filter(**known).first()
    return row


def _usable(
    within: Environment, customer: Customer, plan: Plan, secret: str, now: datetime
) -> tuple[License | None, Key | None]:
    """The newest license that is open and has the sample key still, or a seat for a new one."""
    with tenant_transaction(within.organization_id):
        for row in License.objects.within(within).filter(customer=customer, plan=plan).order_by("-id")[:50]:
            if row.standing(now).status.opens:
                key = _usable_key(within, row, secret, now)
                if key is not None or seats_of(row, within, now).has_a_free_one:
                    return row, key
    return None, None


def _usable_key(within: Environment, sold: License, secret: str, now: datetime) -> Key | None:
    if not secret:
        return None
    digests = [digest.value for digest in key_digests(settings.LICET_PEPPERS, within.public_id, secret)]
    key: Key | None = Key.objects.within(within).filter(digest__in=digests, license=sold).first()
    return key if key is not None and key.status(now) == "active" else None
