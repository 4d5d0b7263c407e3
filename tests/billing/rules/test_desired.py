"""What each subscription means for its license, from Stripe's own times alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.desired import STATUSES, desired, is_over
from billing.rules.policy import ANSWERS, Money, Policy
from billing.rules.sale import Sale
from billing.rules.subscription import Item, Subscription
from licensing.rules.billing import Period
from verify.license_status import BillingState

DAY = timedelta(days=1)
START = datetime(2026, 1, 31, tzinfo=UTC)
SALE = Sale(UUID(int=1), 3)
ITEM = Item("price_1", 3, START, START + 28 * DAY, "month", 1)
PENDING, ACTIVE, GRACE, SUSPENDED, ENDED = BillingState


def subscription(status: str = "active", **changes: Any) -> Subscription:
    return Subscription("sub_1", "cus_1", status, START, START, (ITEM,))._replace(**changes)


@pytest.mark.parametrize(
    ("status", "changes", "state", "reason"),
    [
        ("incomplete", {}, PENDING, "incomplete"),
        ("incomplete_expired", {}, ENDED, "incomplete"),
        ("trialing", {}, ACTIVE, None),
        ("active", {}, ACTIVE, None),
        ("active", {"voids": True}, SUSPENDED, "paused"),
        ("past_due", {}, GRACE, "nonpayment"),
        ("past_due", {"voids": True}, SUSPENDED, "paused"),
        ("unpaid", {}, SUSPENDED, "nonpayment"),
        ("unpaid", {"voids": True}, SUSPENDED, "nonpayment"),
        ("paused", {}, SUSPENDED, "paused"),
        ("canceled", {}, ENDED, "canceled"),
        ("canceled", {"voids": True}, ENDED, "canceled"),
    ],
)
def test_each_status_has_its_meaning(
    status: str, changes: dict[str, Any], state: BillingState, reason: str | None
) -> None:
    assert desired(subscription(status, **changes), SALE)[:2] == (state, reason)


@pytest.mark.parametrize(
    ("status", "money", "policy", "state", "reason"),
    [
        ("active", Money(refunded=True, disputed=True), ("nothing", "nothing"), ACTIVE, None),
        ("active", Money(), ("suspend", "suspend"), ACTIVE, None),
        ("active", Money(refunded=True), ("suspend", "nothing"), SUSPENDED, "refunded"),
        ("active", Money(refunded=True), ("nothing", "suspend"), ACTIVE, None),
        ("active", Money(disputed=True), ("nothing", "suspend"), SUSPENDED, "disputed"),
        ("active", Money(disputed=True), ("suspend", "nothing"), ACTIVE, None),
        ("active", Money(refunded=True, disputed=True), ("suspend", "suspend"), SUSPENDED, "disputed"),
        ("trialing", Money(refunded=True), ("suspend", "suspend"), SUSPENDED, "refunded"),
        ("past_due", Money(refunded=True), ("suspend", "suspend"), SUSPENDED, "refunded"),
        ("unpaid", Money(refunded=True), ("suspend", "suspend"), SUSPENDED, "nonpayment"),
        ("paused", Money(disputed=True), ("suspend", "suspend"), SUSPENDED, "paused"),
        ("incomplete", Money(disputed=True), ("suspend", "suspend"), PENDING, "incomplete"),
        ("canceled", Money(disputed=True), ("suspend", "suspend"), ENDED, "canceled"),
    ],
)
def test_money_that_was_taken_back_does_what_the_policy_says(
    status: str, money: Money, policy: tuple[str, str], state: BillingState, reason: str | None
) -> None:
    seen = subscription(status, money=money)
    assert desired(seen, SALE, policy=Policy(*policy))[:2] == (state, reason)


def test_grace_runs_from_the_oldest_unpaid_invoice() -> None:
    late = subscription("past_due", unpaid_since=START + DAY)
    assert desired(late, SALE).unpaid_since == START + DAY
    assert desired(subscription("past_due"), SALE).unpaid_since == START


def test_an_end_is_what_is_to_be_canceled_and_nothing_else() -> None:
    assert desired(subscription(), SALE).expires_at is None
    ending = subscription(cancel_at=START + 28 * DAY)
    assert desired(ending, SALE).expires_at == START + 28 * DAY
    over = ending._replace(status="canceled", ended_at=START + 28 * DAY)
    assert desired(over, SALE)[7::2] == (None, START + 28 * DAY)
    assert desired(over, SALE).expires_at == START + 28 * DAY
    sooner = over._replace(ended_at=START + DAY)
    assert desired(sooner, SALE).expires_at is None


def test_a_trial_and_what_is_paid_are_told_while_they_hold() -> None:
    trial = subscription("trialing", trial_ends_at=START + DAY)
    assert desired(trial, SALE).trial_ends_at == START + DAY
    assert desired(trial._replace(status="active"), SALE).trial_ends_at is None
    assert desired(trial, SALE).paid_until == ITEM.ends_at
    assert desired(subscription("past_due"), SALE).paid_until == ITEM.starts_at


def test_plan_seats_and_period_are_those_of_the_prices() -> None:
    found = desired(subscription(), SALE)
    assert (found.plan, found.quantity, found.period) == (SALE.plan, 3, Period(START, "month", 1))
    assert desired(subscription(), None).plan is None


def test_a_status_that_nobody_knows_is_no_guess() -> None:
    with pytest.raises(KeyError):
        desired(subscription("dormant"), SALE)


moments = st.none() | st.integers(-400, 400).map(lambda days: START + days * DAY)


@given(
    status=st.sampled_from(sorted(STATUSES)),
    unpaid_since=moments,
    trial_ends_at=moments,
    cancel_at=moments,
    ended_at=moments,
    voids=st.booleans(),
    items=st.lists(st.just(ITEM), max_size=3).map(tuple),
    money=st.builds(Money, st.booleans(), st.booleans()),
    policy=st.builds(Policy, *[st.sampled_from(ANSWERS)] * 2),
)
def test_whatever_stripe_says_amounts_to_something_whole(policy: Policy, **said: Any) -> None:
    found = desired(subscription(**said), SALE, policy=policy)
    assert (found.unpaid_since is not None) == (found.state is GRACE)
    assert (found.state is ENDED) == is_over(subscription(said["status"]))
    assert found.ended_at is None or found.state is ENDED
    assert found.expires_at in (None, said["cancel_at"])
    assert (found.reason is None) == (found.state is ACTIVE)
