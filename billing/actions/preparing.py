"""What is asked of Stripe before a connection is written: is the key good, whose account is it, who calls us.

In a request: a patience of 2 s beyond the calls themselves. Closed: without Stripe's word nothing is connected (503).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import OperationalError
from django.db import connection as database
from psycopg.errors import LockNotAvailable

from billing.models import StripeConnection
from billing.queries.connections import former, in_force, newest_customers
from billing.rules.policy import NOTHING, SUSPEND, Policy
from billing.stripe.account import StripeAccount
from billing.stripe.endpoints import Endpoint, endpoint_is_there, make_endpoint, remove_endpoint
from billing.stripe.keys import key_of
from billing.stripe.money import require_readable
from billing.stripe.reading import knows
from billing.stripe.trouble import KeyRefused, NotPermitted, NotThere, Rejected, StripeAway, StripeTrouble
from tenants.models import Environment
from tenants.rules.refusal import Refusal, bad_field, not_found
from tenants.tenancy import tenant_transaction
from verify.ground.ids import encode, new_uuid

PATIENCE_SECONDS = 2.0


class Prepared(NamedTuple):
    """`row_id` is the connection's; `endpoint` None where Stripe would not make one, or need not."""

    api_key: str
    row_id: UUID
    account: str | None
    endpoint: Endpoint | None


def webhook_url(row_id: UUID) -> str:
    return f"{settings.LICET_PUBLIC_URL}/webhooks/stripe/{encode(StripeConnection.PREFIX, row_id)}"


def account_of(api_key: str, row_id: UUID, *, patience_seconds: float = PATIENCE_SECONDS) -> StripeAccount:
    return StripeAccount(api_key, str(row_id), patience_seconds=patience_seconds)


@contextmanager
def in_turn(within: Environment) -> Iterator[None]:
    """Around what is asked of Stripe and what is then written: of two at once, each would make an endpoint and remove
    the other's. A lock of this session, as no transaction is open meanwhile. Others wait for it as long as for any
    lock. Raises Refusal (409) when that was not long enough.
    """
    number = int.from_bytes(within.id.bytes[8:], signed=True)
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [number])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        detail = "The connection of this environment is being changed now; look at it again in a moment."
        raise Refusal("connection_in_use", "conflict", detail) from error
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def forgotten_if_refused(prepared: Prepared | None) -> Iterator[None]:
    """Takes back what was made for a connection that was not written after all; Stripe's word is not needed."""
    try:
        yield
    except Refusal:
        if prepared is not None and prepared.endpoint is not None:
            _removed(account_of(prepared.api_key, prepared.row_id), prepared.endpoint.id)
        raise


def prepare(
    *,
    within: Environment,
    api_key: str,
    webhook_secret: str | None = None,
    on_refund: str = NOTHING,
    on_dispute: str = NOTHING,
) -> Prepared:
    """For a new connection. Raises Refusal: 400 for a key that Stripe refuses, 409 if there is one, 503."""
    with tenant_transaction(within.organization_id):
        if in_force(within) is not None:
            detail = "This environment has a connection; change its key, or end it first."
            raise Refusal("already_exists", "conflict", detail)
    account = account_of(api_key, within.id)
    name = _checked(account, within)
    _require_readable(account, Policy(on_refund, on_dispute))
    known = _former(account, within, name)
    row_id = known.id if known else new_uuid()
    endpoint = None if webhook_secret else _endpoint(account, row_id)
    return Prepared(api_key, row_id, name, endpoint)


def prepare_change(
    *,
    within: Environment,
    api_key: str | None = None,
    webhook_secret: str | None = None,
    on_refund: str | None = None,
    on_dispute: str | None = None,
) -> Prepared | None:
    """For another key of the same account, None without one; Stripe is asked where another policy needs to read more.
    Raises Refusal: 400, 404, 503.
    """
    with tenant_transaction(within.organization_id):
        row = in_force(within)
    if row is None:
        raise not_found()
    policy = Policy(on_refund or row.on_refund, on_dispute or row.on_dispute)
    if api_key is None:
        if SUSPEND in (on_refund, on_dispute) and policy != row.policy:
            _require_readable(_account_with_own_key(row), policy)
        return None
    account = account_of(api_key, row.id)
    name = _checked(account, within)
    if not _is_same(account, row, name):
        raise bad_field("api_key", "A key of another Stripe account; end this connection first.", "other_account")
    _require_readable(account, policy)
    endpoint = None if webhook_secret or row.webhook_status == "enabled" else _endpoint(account, row.id)
    return Prepared(api_key, row.id, name or row.account, endpoint)


def remove_endpoint_of(row: StripeConnection) -> None:
    """Asked once, and not insisted on: an endpoint that stays calls what is no connection any more, and gets 404."""
    if row.endpoint_id is None or row.sealed_api_key is None:
        return
    try:
        _removed(account_of(key_of(row), row.id), row.endpoint_id)
    except KeyRefused:
        return


def _account_with_own_key(row: StripeConnection) -> StripeAccount:
    try:
        return account_of(key_of(row), row.id)
    except KeyRefused as refused:
        raise refusal_of(refused) from refused


def _removed(account: StripeAccount, endpoint_id: str) -> None:
    try:
        remove_endpoint(account, endpoint_id)
    except StripeTrouble:
        return


def _checked(account: StripeAccount, within: Environment) -> str | None:
    """The account's id, None where the key may not read it; what every look and sweep needs, it must read."""
    if account.live != (within.kind == "live"):
        detail = f"This is a {within.kind} environment; give a key of Stripe's {within.kind} mode."
        raise bad_field("api_key", detail, "wrong_mode")
    try:
        account.ask(lambda v1: v1.subscriptions.list({"limit": 1}))
        account.ask(lambda v1: v1.customers.list({"limit": 1}))
        account.ask(lambda v1: v1.invoices.list({"limit": 1}))
        account.ask(lambda v1: v1.events.list({"limit": 1}))
    except StripeTrouble as trouble:
        raise refusal_of(trouble) from trouble
    try:
        return str(account.ask(lambda v1: v1.accounts.retrieve_current()).id)
    except (NotPermitted, NotThere):
        return None
    except StripeTrouble as trouble:
        raise refusal_of(trouble) from trouble


def _require_readable(account: StripeAccount, policy: Policy) -> None:
    try:
        require_readable(account, policy)
    except StripeTrouble as trouble:
        raise refusal_of(trouble) from trouble


def _former(account: StripeAccount, within: Environment, name: str | None) -> StripeConnection | None:
    """The one of the same account that was ended last."""
    with tenant_transaction(within.organization_id):
        ended = former(within)
    return next((row for row in ended if _is_same(account, row, name)), None)


def _is_same(account: StripeAccount, row: StripeConnection, name: str | None) -> bool:
    """By its id. Restricted keys may seldom read that: then by whether it knows one of our customers, or has our
    endpoint; a connection that has neither has nothing to lose.
    """
    if name is not None and row.account is not None:
        return name == row.account
    with tenant_transaction(row.organization_id):
        customers = newest_customers(row)
    try:
        if customers:
            return any(knows(account, one) for one in customers)
        return row.endpoint_id is None or endpoint_is_there(account, row.endpoint_id)
    except StripeTrouble as trouble:
        raise refusal_of(trouble) from trouble


def _endpoint(account: StripeAccount, row_id: UUID) -> Endpoint | None:
    """None where the key may not make one, or Stripe cannot reach our address: then the secret is asked for."""
    try:
        return make_endpoint(account, webhook_url(row_id))
    except (NotPermitted, Rejected):
        return None
    except StripeTrouble as trouble:
        raise refusal_of(trouble) from trouble


def refusal_of(trouble: StripeTrouble) -> Refusal:
    if isinstance(trouble, KeyRefused):
        return bad_field("api_key", f"Stripe refuses this key: {trouble}", "refused_by_stripe")
    if isinstance(trouble, NotPermitted):
        return bad_field("api_key", str(trouble), "permission_missing")
    if isinstance(trouble, StripeAway):
        return Refusal("stripe_unavailable", "unavailable", "Stripe does not answer now; try again shortly.")
    return Refusal("stripe_declined", "unprocessable", f"Stripe declined: {trouble}")
