"""A buyer who comes back from a checkout: what they bought is made at once, and its first key shown once.

Webhook or not: whoever comes first makes the license, and the other finds it.
"""

import hashlib
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from billing.actions.converging import converge
from billing.actions.preparing import account_of
from billing.actions.requesting import request_sync
from billing.models import StripeCheckout, StripeSubscription
from billing.queries.connections import Presented
from billing.stripe.keys import key_of
from billing.stripe.shapes import id_of
from billing.stripe.trouble import StripeTrouble
from licensing.actions.keys import issue_key
from licensing.models import License
from tenants.actions.idempotency import Answer, Asked, recall, remember
from tenants.models import Environment
from tenants.rules.permissions import Actor, system
from tenants.rules.refusal import Refusal, not_found
from tenants.tenancy import shared_transaction, tenant_transaction

_SHOWN = 200


class Return(NamedTuple):
    """`license` None: Stripe has not confirmed it yet, or cannot be asked now."""

    checkout: StripeCheckout
    license: License | None


class FirstKey(NamedTuple):
    checkout: StripeCheckout
    secret: str


def come_back(presented: Presented, checkout_id: UUID, *, session_id: str, now: datetime) -> Return:
    """Asks Stripe about the session, and converges its customer. Raises Refusal (404) for what is not this checkout."""
    with tenant_transaction(presented.organization_id):
        checkout = _checkout(presented, checkout_id, session_id)
        found = _license(checkout, presented)
    if found is not None:
        return Return(checkout, found)
    try:
        account = account_of(key_of(checkout.connection), checkout.connection_id)
        session = account.ask(lambda v1: v1.checkout.sessions.retrieve(session_id)).to_dict()
    except StripeTrouble:
        return Return(checkout, None)
    customer = id_of(session.get("customer"))
    is_done = session["status"] == "complete" and session["client_reference_id"] == checkout.public_id
    if not is_done or customer is None:
        return Return(checkout, None)
    with tenant_transaction(presented.organization_id):
        row = request_sync(checkout.connection, customer, within=presented, now=now)
    converge(presented.organization_id, row.id, now=now, hurried=True)
    with tenant_transaction(presented.organization_id):
        return Return(checkout, _license(checkout, presented))


def show_first_key(
    presented: Presented, checkout_id: UUID, *, session_id: str, form: str | None, now: datetime
) -> FirstKey:
    """Issues it. `form` is the token of the page's form: the very same one, sent again, gets the same secret, as its
    answer may have been lost. No other ever does. Raises Refusal: 404, 409 if it was shown or nothing is there yet.
    """
    with shared_transaction(presented.organization_id):
        checkouts = StripeCheckout.objects.within(presented).select_for_update()
        row: StripeCheckout | None = checkouts.filter(pk=checkout_id, session_id=session_id).first()
        if row is None:
            raise not_found()
        environment = Environment.objects.of_organization(row.organization_id).get(pk=row.environment_id)
        asked = None if form is None else _asked(row, form, environment, now)
        if asked and (shown := recall(asked, waiting=True)):
            return FirstKey(row, msgspec.json.decode(shown.body, type=str))
        found = _license(row, presented)
        if found is None or row.first_key_id is not None:
            raise Refusal("first_key_shown", "conflict", "The first key is shown once, when the license is there.")
        issued = issue_key(within=environment, by=system(), now=now, license=found.pk, name="First key")
        row.first_key = issued.row
        row.save(update_fields=["first_key"])
        if asked:
            remember(asked, Answer(_SHOWN, {}, msgspec.json.encode(issued.secret)))
    return FirstKey(row, issued.secret)


def _asked(row: StripeCheckout, form: str, within: Environment, now: datetime) -> Asked:
    """As a buyer asks, who is nobody but the one who has this checkout's address."""
    buyer = Actor("system", row.public_id, frozenset())
    return Asked(form, hashlib.sha256(row.session_id.encode()).digest(), within, buyer, now)


def _checkout(presented: Presented, checkout_id: UUID, session_id: str) -> StripeCheckout:
    rows = StripeCheckout.objects.within(presented).select_related("connection")
    row: StripeCheckout | None = rows.filter(pk=checkout_id, session_id=session_id).first()
    if row is None or row.connection_id != presented.connection_id:
        raise not_found()
    return row


def _license(checkout: StripeCheckout, presented: Presented) -> License | None:
    """By the mark that the checkout left on its subscription. Inside the caller's transaction."""
    mirrors = StripeSubscription.objects.within(presented).select_related("license")
    marked = mirrors.filter(connection=checkout.connection_id, seen__metadata__licet_checkout=checkout.public_id)
    mirror: StripeSubscription | None = marked.filter(license__isnull=False).first()
    return mirror.license if mirror else None
