"""One Stripe account, asked with its key.

Timeout 10 s a call. Again by our own back-off, as the library neither repeats a 429 nor heeds Retry-After; what would
take longer than `patience_seconds` is StripeAway, for whoever asks to come again. Closed when away: nothing is guessed.
Never called inside a transaction: a lock would last as long as Stripe pleases.
"""

import os
import random
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

import stripe
from django.conf import settings
from django.db import connection
from prometheus_client import Counter
from stripe._api_version import _ApiVersion

from billing.rules.waiting import MOST_ATTEMPTS, wait_seconds
from billing.stripe import budget
from billing.stripe.trouble import KeyRefused, NotPermitted, NotThere, Rejected, StripeAway

API_VERSION = _ApiVersion.CURRENT  # the one that this library's types are of; endpoints are made with it too
TIMEOUT_SECONDS = 10.0
PATIENCE_SECONDS = 3.0
CALLS = Counter("licet_stripe_calls", "Calls to Stripe, by outcome.", ["outcome"])
NOT_FOUND, CONFLICT, TOO_MANY, BROKEN = 404, 409, 429, 500
MISSING = "resource_missing"

T = TypeVar("T")


class InsideTransaction(Exception):
    """Stripe was asked while a transaction was open."""


class StripeAccount:
    """`name` is what its budget is shared under: the same for all processes that ask this account."""

    def __init__(self, api_key: str, name: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.live = api_key.split("_")[1:2] == ["live"]
        self._name, self._patience = name, patience_seconds
        addresses: Any = {"api": settings.LICET_STRIPE_API_BASE} if settings.LICET_STRIPE_API_BASE else None
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            max_network_retries=0,
            http_client=_http(os.getpid()),
            base_addresses=addresses,
        )

    def ask(self, call: Callable[[Any], T]) -> T:
        """`call` gets the library's `v1`. Raises StripeTrouble."""
        if connection.in_atomic_block:
            raise InsideTransaction
        if budget.is_left_alone(self._name):
            CALLS.labels("left_alone").inc()
            raise StripeAway("Stripe did not answer just now, and is left alone for a moment.")
        patience_ends = time.monotonic() + self._patience
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                return self._once(call)
            except StripeAway as away:
                wait = wait_seconds(attempt, away.retry_after, random.random())  # noqa: S311 - spreads, guards nothing
                if attempt == MOST_ATTEMPTS or time.monotonic() + wait > patience_ends:
                    budget.leave_alone(self._name)
                    raise
                time.sleep(wait)
        raise AssertionError  # the last attempt has raised or returned

    def _once(self, call: Callable[[Any], T]) -> T:
        turn = budget.turn_seconds(self._name, live=self.live)
        if turn is None:
            CALLS.labels("over_budget").inc()
            raise StripeAway("Too much is asked of this Stripe account at once.", budget.LONGEST_WAIT_SECONDS)
        time.sleep(turn)
        try:
            found = call(self._client.v1)
        except stripe.StripeError as error:
            CALLS.labels(type(error).__name__).inc()
            _raise(error)
        CALLS.labels("answered").inc()
        budget.is_back(self._name)
        return found


def _raise(error: stripe.StripeError) -> NoReturn:
    """Only what may pass by itself is StripeAway."""
    message, status = error.user_message or str(error), error.http_status or 0
    if isinstance(error, stripe.AuthenticationError):
        raise KeyRefused(message) from error
    if isinstance(error, stripe.PermissionError):
        raise NotPermitted(message) from error
    if error.code == MISSING:  # with 404, or 400 where a parameter names what is not there
        raise NotThere(message) from error
    passes = status in (0, NOT_FOUND, CONFLICT, TOO_MANY) or status >= BROKEN  # a 404 that says no more is no answer
    if passes or isinstance(error, stripe.APIConnectionError):
        raise StripeAway(message, _retry_after(error)) from error
    raise Rejected(message, getattr(error, "param", None)) from error


def _retry_after(error: stripe.StripeError) -> float | None:
    told = {name.lower(): value for name, value in dict(error.headers or {}).items()}.get("retry-after", "")
    try:
        return min(max(float(told), 0.0), 3600.0)
    except ValueError:
        return None


@lru_cache
def _http(pid: int) -> Any:  # noqa: ARG001 - a forked worker keeps connections of its own
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
