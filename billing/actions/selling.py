"""Opening Stripe's own pages: a checkout for a plan, the portal. Stripe is asked before anything is written; a customer
that it made is linked at once.

In a request: a patience of 2 s beyond the call itself. Closed: without Stripe there is no page (503).
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from billing.actions.preparing import account_of
from billing.models import StripeCheckout, StripeConnection, StripeCustomer
from billing.queries.connections import in_force
from billing.stripe.account import StripeAccount
from billing.stripe.checkouts import make_session
from billing.stripe.keys import key_of
from billing.stripe.once import once
from billing.stripe.shapes import moment
from billing.stripe.trouble import StripeAway, StripeTrouble
from licensing.models import Customer, Plan, PlanVersion
from tenants.actions import audit
from tenants.actions.writing import referred
from tenants.clock import milliseconds
from tenants.models import Environment
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction
from verify.answer import rfc3339
from verify.ground.ids import new_uuid


class Buying(NamedTuple):
    row: StripeCheckout
    url: str
    expires_at: datetime


class Visiting(NamedTuple):
    customer: Customer
    session: dict[str, Any]


def prepare_checkout(
    *,
    within: Environment,
    now: datetime,
    plan: UUID,
    success_url: str,
    cancel_url: str,
    customer: UUID | None = None,
    quantity: int | None = None,
) -> Buying:
    """`quantity` None: one, or what is used of a metered price. Raises Refusal: 400 for what is not there, 409 where
    nothing can be sold, 503.
    """
    with tenant_transaction(within.organization_id):
        sold = referred(Plan, plan, within, field="plan")
        buyer = None if customer is None else referred(Customer, customer, within, field="customer")
        connection = _connection(within)
        terms = PlanVersion.objects.within(within).get(plan=sold.id, version=sold.published_version)
        known = None if buyer is None else stripe_id_of(buyer, connection)
    if not terms.stripe_price_ids:
        detail = "No Stripe price sells this plan: give it `stripe_price_ids`, and publish it."
        raise Refusal("plan_has_no_price", "conflict", detail)
    place = {"organization_id": within.organization_id, "environment_id": within.id, "created_at": now}
    whose = {"connection": connection, "plan": sold, "customer": buyer}
    row = StripeCheckout(id=new_uuid(), success_url=success_url, **whose, **place)
    if buyer is not None and known is None:
        known = _introduced(buyer, connection, within, now)
    asked = _of_checkout(row, terms, cancel_url) | ({} if known is None else {"customer": known})
    line: Any = {"price": terms.stripe_price_ids[0], "quantity": quantity}
    session = _asked(connection, lambda account: make_session(account, asked, **line))
    row.session_id = session["id"]
    return Buying(row, session["url"], moment(session["expires_at"]))


def _of_checkout(row: StripeCheckout, terms: PlanVersion, cancel_url: str) -> dict[str, Any]:
    trial = {} if terms.trial_days is None else {"trial_period_days": terms.trial_days}
    return {
        "mode": "subscription",
        "client_reference_id": row.public_id,
        "success_url": f"{return_url(row)}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": cancel_url,
        "subscription_data": {"metadata": {"licet_checkout": row.public_id}, **trial},
    }


def open_checkout(*, within: Environment, by: Actor, now: datetime, buying: Buying) -> dict[str, Any]:
    row = buying.row
    with tenant_transaction(within.organization_id):
        row.insert()
        shown = {"plan": row.plan.public_id, "customer": row.customer.public_id if row.customer else None}
        audit.record("checkout_session.created", row, by=by, now=now, environment_id=within.id, changes=shown)
    ends = rfc3339(milliseconds(buying.expires_at))
    return {"id": row.session_id, "url": buying.url, "expires_at": ends, **shown}


def prepare_portal(*, within: Environment, customer: UUID, return_url: str) -> Visiting:
    """Raises Refusal: 400, 409 for who never bought anything, 503."""
    with tenant_transaction(within.organization_id):
        visitor = referred(Customer, customer, within, field="customer")
        connection = _connection(within)
        known = stripe_id_of(visitor, connection)
    if known is None:
        detail = "This customer is not known at Stripe; a checkout makes them known."
        raise Refusal("not_at_stripe", "conflict", detail)
    asked: Any = {"customer": known, "return_url": return_url}
    return Visiting(visitor, _of(connection, lambda v1: v1.billing_portal.sessions.create(asked)))


def open_portal(*, within: Environment, by: Actor, now: datetime, visiting: Visiting) -> dict[str, Any]:
    with tenant_transaction(within.organization_id):
        row = visiting.customer
        audit.record("portal_session.created", row, by=by, now=now, environment_id=within.id)
    return {"id": visiting.session["id"], "url": visiting.session["url"], "customer": row.public_id}


def return_url(row: StripeCheckout) -> str:
    return f"{settings.LICET_PUBLIC_URL}/checkout/{row.connection.public_id}/{row.public_id}"


def stripe_id_of(customer: Customer, connection: StripeConnection) -> str | None:
    """The newest, of those that are still there."""
    found: StripeCustomer | None = _known(customer, connection).filter(gone=False).order_by("-id").first()
    return found.stripe_id if found else None


def _known(customer: Customer, connection: StripeConnection) -> QuerySet[StripeCustomer]:
    rows = StripeCustomer.objects.of_organization(customer.organization_id)
    known: QuerySet[StripeCustomer] = rows.filter(connection=connection.id, customer=customer.pk)
    return known


def _connection(within: Environment) -> StripeConnection:
    found = in_force(within)
    if found is None:
        raise Refusal("not_connected", "conflict", "Connect this environment with a Stripe account first.")
    return found


def _introduced(customer: Customer, connection: StripeConnection, within: Environment, now: datetime) -> str:
    """Made at Stripe under a key of this minute and of all that is said, so that two requests at once make one, and
    nothing sticks to who was deleted there or is called otherwise by now. Linked at once, whatever comes of it.
    """
    asked: dict[str, Any] = {"name": customer.name, "metadata": {"licet_customer": customer.public_id}}
    if customer.email:
        asked["email"] = customer.email
    with tenant_transaction(within.organization_id):
        former = _known(customer, connection).count()
    about = json.dumps([str(connection.id), asked, former, int(now.timestamp()) // 60])
    key = f"licet-{hashlib.sha256(about.encode()).hexdigest()}"
    made = str(_of(connection, once(lambda v1, options: v1.customers.create(asked, options), key))["id"])
    with tenant_transaction(within.organization_id):
        _link(made, customer, connection, within)
    return made


def _link(stripe_id: str, customer: Customer, connection: StripeConnection, within: Environment) -> None:
    place = {"organization_id": within.organization_id, "environment_id": within.id}
    fresh = StripeCustomer(connection=connection, stripe_id=stripe_id, customer=customer, **place)
    StripeCustomer._base_manager.bulk_create([fresh], ignore_conflicts=True)
    rows = StripeCustomer.objects.within(within).filter(connection=connection.id, stripe_id=stripe_id)
    rows.filter(customer__isnull=True).update(customer=customer)


def _of(connection: StripeConnection, call: Any) -> dict[str, Any]:
    return _asked(connection, lambda account: account.ask(call).to_dict())


def _asked(connection: StripeConnection, ask: Callable[[StripeAccount], Any]) -> dict[str, Any]:
    try:
        return dict(ask(account_of(key_of(connection), connection.id)))
    except StripeAway as away:
        raise Refusal("stripe_unavailable", "unavailable", "Stripe does not answer now; try again shortly.") from away
    except StripeTrouble as trouble:
        raise Refusal("stripe_declined", "unprocessable", f"Stripe declined: {trouble}") from trouble
