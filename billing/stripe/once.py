"""Making a thing at Stripe once, however often it is tried."""

from collections.abc import Callable
from typing import Any, TypeVar

import stripe

T = TypeVar("T")


def once(make: Callable[[Any, Any], T], key: str) -> Callable[[Any], T]:
    """For StripeAccount.ask; `make` gets `v1` and the options. Where an answer was lost, the same idempotency key is
    sent again. Where Stripe failed, the next one is: under the first it would tell of that failure for a day.
    """
    failures = 0

    def call(v1: Any) -> T:
        nonlocal failures
        try:
            return make(v1, {"idempotency_key": f"{key}-{failures}"})
        except stripe.APIError:
            failures += 1
            raise

    return call
