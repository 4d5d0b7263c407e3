"""Taking in what Stripe calls with: judged by its signature before anything is believed, then stored once.

Nothing of a refused call is kept; refusals are only counted. The payload is evidence: what it is about is looked up.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from prometheus_client import Counter

from billing.actions.handing_out import hand_out_finding
from billing.actions.requesting import request_sync
from billing.models import StripeConnection, StripeEvent
from billing.queries.connections import Presented, secrets_in_force
from billing.rules.event_types import is_known, is_reason
from billing.rules.signature import Signature, judge
from billing.stripe.shapes import id_of, moment
from tenants.rules.refusal import Refusal
from tenants.tenancy import Place, tenant_transaction

RECEIVED = Counter("licet_stripe_webhooks", "Calls of Stripe's, by what became of them.", ["outcome"])
LONGEST_ID = 255


def receive(presented: Presented, *, body: bytes, header: str, now: datetime) -> str:
    """What became of it: `stored`, `known`, `ignored` or `quarantined`. Raises Refusal (400), and what the database
    raises when it is away: then Stripe comes again.
    """
    with tenant_transaction(presented.organization_id):
        secrets = secrets_in_force(presented, presented.connection_id, now)
        judged = judge(body, header, secrets, now=int(now.timestamp()))
        if judged is not Signature.GOOD:
            RECEIVED.labels(judged.value).inc()
            raise Refusal("invalid_signature", "invalid", "The signature does not fit this body and this moment.")
        outcome = _take(presented, _event(body), body, now)
    RECEIVED.labels(outcome).inc()
    return outcome


def _event(body: bytes) -> dict[str, Any]:
    """Signed, and yet read with care."""
    try:
        told = json.loads(body)
        kept = "".join((told["id"], told["type"], customer_of(told) or "", charge_of(told) or ""))
        kept.encode()  # no lone surrogate, which no column of ours holds, as it holds no U+0000
        if told["object"] == "event" and 0 < len(told["id"]) <= LONGEST_ID and "\0" not in kept:
            moment(told["created"])
            return dict(told)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        pass
    RECEIVED.labels("malformed").inc()
    raise Refusal("invalid_event", "invalid", "The body is no event of Stripe's.")


def _take(presented: Presented, told: dict[str, Any], body: bytes, now: datetime) -> str:
    """Inside the caller's transaction."""
    connection = StripeConnection.objects.within(presented).get(pk=presented.connection_id)
    ours = is_ours(connection, told)
    if ours and not is_known(told["type"]):
        return "ignored"
    if not store_event(connection, told, presented, body=body, ours=ours, now=now):
        return "known"
    return "stored" if ours else "quarantined"


def is_ours(connection: StripeConnection, told: Mapping[str, Any]) -> bool:
    """Of the mode and the account that were connected."""
    account = told.get("account")
    same_account = account is None or connection.account is None or account == connection.account
    return bool(told.get("livemode")) == connection.livemode and same_account


def store_event(
    connection: StripeConnection,
    told: Mapping[str, Any],
    within: Place,
    *,
    body: bytes | None,
    ours: bool,
    now: datetime,
) -> bool:
    """Inside the caller's transaction; False if it was stored before. One that is ours makes its customer be looked
    at, or be asked for where a charge is all that it names. `body` None: a sweep found it, and no webhook told it.
    """
    customer = customer_of(told)
    is_reason_to_look = ours and is_reason(told["type"], connection.policy)
    row = StripeEvent(
        organization_id=within.organization_id,
        environment_id=within.id,
        connection=connection,
        event_id=told["id"],
        type=told["type"][:128],
        stripe_customer=customer,
        charge=charge_of(told) if is_reason_to_look and customer is None else None,
        verdict="accepted" if ours else "quarantined",
        happened_at=moment(told["created"]),
        received_at=now,
        body=body or b"",
    )
    StripeEvent._base_manager.bulk_create([row], ignore_conflicts=True)
    if not StripeEvent.objects.within(within).filter(pk=row.pk).exists():
        return False
    if is_reason_to_look and customer is not None:
        request_sync(connection, customer, within=within, now=now, healing=body is None)
    if row.charge is not None:
        transaction.on_commit(partial(hand_out_finding, row))
    return True


def customer_of(told: Mapping[str, Any]) -> str | None:
    """Whom an event is about, by Stripe's id."""
    try:
        subject = told["data"]["object"]
        found = subject["id"] if subject["object"] == "customer" else id_of(subject.get("customer"))
    except (KeyError, TypeError, AttributeError):
        return None
    return _id(found)


def charge_of(told: Mapping[str, Any]) -> str | None:
    """What a refund or a dispute is of."""
    try:
        return _id(id_of(told["data"]["object"].get("charge")))
    except (KeyError, TypeError, AttributeError):
        return None


def _id(found: Any) -> str | None:
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_ID else None
