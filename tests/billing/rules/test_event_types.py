"""Which events make somebody be looked at."""

import pytest

from billing.rules.event_types import is_known, is_reason
from billing.rules.policy import Policy


@pytest.mark.parametrize("event_type", ["charge.refunded", "refund.failed", "charge.dispute.closed"])
@pytest.mark.parametrize("on_refund", ["nothing", "suspend"])
@pytest.mark.parametrize("on_dispute", ["nothing", "suspend"])
def test_money_is_a_reason_where_the_policy_asks_for_it(event_type: str, on_refund: str, on_dispute: str) -> None:
    asked = on_dispute if "dispute" in event_type else on_refund
    assert is_known(event_type)
    assert is_reason(event_type, Policy(on_refund, on_dispute)) == (asked == "suspend")


def test_a_subscription_is_always_one() -> None:
    assert is_reason("customer.subscription.updated", Policy())
