"""Writing a connection: made, changed, ended, its key refused.

What Stripe was asked before stands in billing.actions.preparing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from billing.actions.handing_out import hand_out_comparison
from billing.actions.preparing import Prepared
from billing.actions.requesting import request_all, retry_waiting
from billing.models import StripeConnection, StripeCustomer, StripeWebhookSecret
from billing.models.sealed import seal_api_key, seal_webhook_secret
from billing.rules.policy import NOTHING, Policy
from billing.stripe.account import API_VERSION
from billing.stripe.trouble import KeyRefused, NotPermitted
from tenants.actions import audit
from tenants.actions.writing import unique
from tenants.models import Environment
from tenants.rules.permissions import Actor
from tenants.rules.refusal import not_found
from tenants.tenancy import place_of, tenant_transaction

OVERLAP = timedelta(hours=24)  # as long as Stripe goes on signing with a secret that was rolled


def connect(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    prepared: Prepared,
    webhook_secret: str | None = None,
    on_refund: str = NOTHING,
    on_dispute: str = NOTHING,
) -> StripeConnection:
    """An account that was connected before is known again: its customers, its subscriptions and their licenses. All
    are looked at, as nobody told what happened meanwhile.
    """
    with unique("api_key", "stripe_connections_once"), tenant_transaction(within.organization_id):
        row = StripeConnection.objects.within(within).filter(pk=prepared.row_id).first() or StripeConnection(
            id=prepared.row_id,
            organization_id=within.organization_id,
            environment_id=within.id,
            livemode=within.kind == "live",
            created_at=now,
        )
        row.account, row.key_status, row.api_version = prepared.account, "accepted", API_VERSION
        row.disconnected_at = row.compared_at = row.swept_at = None
        row.swept_until, row.endpoint_id, row.webhook_status = now, None, "needs_secret"
        seal_api_key(row, prepared.api_key)
        row.save()
        _take_secrets(row, prepared, webhook_secret, now)
        changes = {"account": row.account, "livemode": row.livemode, "webhook_status": row.webhook_status}
        changes |= _take_policy(row, Policy(on_refund, on_dispute))
        _request_known(row, now)
        audit.record("stripe_connection.created", row, by=by, now=now, environment_id=within.id, changes=changes)
        transaction.on_commit(partial(hand_out_comparison, row))
    return row


def change_connection(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    prepared: Prepared | None = None,
    webhook_secret: str | None = None,
    on_refund: str | None = None,
    on_dispute: str | None = None,
) -> StripeConnection:
    """Another key of the same account, another secret for its webhooks; the old secret is good for a day more.
    Another policy makes all customers be looked at again.
    """
    with tenant_transaction(within.organization_id):
        row = _locked(within)
        if prepared is not None:
            seal_api_key(row, prepared.api_key)
            row.account, row.key_status = prepared.account, "accepted"
            row.save()
            retry_waiting(row)
        _take_secrets(row, prepared, webhook_secret, now)
        changes: dict[str, Any] = {"api_key": prepared is not None, "webhook_secret": webhook_secret is not None}
        if decided := _take_policy(row, Policy(on_refund or row.on_refund, on_dispute or row.on_dispute)):
            changes |= decided
            _request_known(row, now)
        audit.record("stripe_connection.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def disconnect(*, within: Environment, by: Actor, now: datetime) -> StripeConnection:
    """Key and secrets are forgotten. Licenses stay as they were read last; what the clock brings still comes."""
    with tenant_transaction(within.organization_id):
        row = _locked(within)
        row.disconnected_at, row.sealed_api_key, row.webhook_status = now, None, "disabled"
        row.save()
        StripeWebhookSecret.objects.within(within).filter(connection=row.id).delete()
        changes = {"account": row.account}
        audit.record("stripe_connection.removed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row


def _locked(within: Environment) -> StripeConnection:
    rows = StripeConnection.objects.within(within).select_for_update()
    row: StripeConnection | None = rows.filter(disconnected_at__isnull=True).first()
    if row is None:
        raise not_found()
    return row


def _take_policy(row: StripeConnection, policy: Policy) -> dict[str, str]:
    """What is changed of it."""
    changed = {name: value for name, value in policy._asdict().items() if value != getattr(row, name)}
    if changed:
        row.on_refund, row.on_dispute = policy
        row.save(update_fields=["on_refund", "on_dispute"])
    return changed


def _request_known(row: StripeConnection, now: datetime) -> None:
    """Everybody who is known is looked at again."""
    known = StripeCustomer.objects.within(place_of(row)).filter(connection=row.id)
    request_all(known, within=place_of(row), now=now)


def _take_secrets(row: StripeConnection, prepared: Prepared | None, webhook_secret: str | None, now: datetime) -> None:
    endpoint = prepared.endpoint if prepared else None
    secret = webhook_secret or (endpoint.secret if endpoint else None)
    if secret is None:
        return
    place = {"organization_id": row.organization_id, "environment_id": row.environment_id}
    older = StripeWebhookSecret.objects.within(place_of(row)).filter(connection=row.id, valid_to__isnull=True)
    older.update(valid_to=now + OVERLAP)
    taken = StripeWebhookSecret(connection=row, valid_from=now, **place)
    seal_webhook_secret(taken, secret)
    taken.insert()
    row.webhook_status = "enabled"
    row.endpoint_id = endpoint.id if endpoint else row.endpoint_id
    row.save(update_fields=["webhook_status", "endpoint_id"])


@contextmanager
def noting_key(row: StripeConnection) -> Iterator[None]:
    """Tells on the connection whether Stripe takes its key, by what is raised inside; not if it was given another one
    meanwhile. Never inside a transaction, as Stripe is asked in it.
    """
    try:
        yield
    except (KeyRefused, NotPermitted):
        _note_key(row, "refused")
        raise
    if row.key_status != "accepted":
        _note_key(row, "accepted")


def _note_key(row: StripeConnection, key_status: str) -> None:
    with tenant_transaction(row.organization_id):
        same = StripeConnection.objects.within(place_of(row)).filter(pk=row.pk, sealed_api_key=row.sealed_api_key)
        same.update(key_status=key_status)
