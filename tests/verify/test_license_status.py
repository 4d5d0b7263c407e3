"""A license's status by precedence, from facts and a moment alone."""

from typing import Any, NamedTuple

import pytest

from verify.facts import BillingFacts, OverLimit
from verify.license_status import BillingState, Status, standing

NOW = 1_000


class Lifetime(NamedTuple):
    revoked: bool = False
    suspended: bool = False
    starts_at: int = 0
    expires_at: int | None = None
    trial_ends_at: int | None = None
    billed: BillingFacts | None = None
    over_limit: OverLimit | None = None


def billed(state: BillingState, reason: str | None = None, grace_ends_at: int | None = None) -> dict[str, Any]:
    return {"billed": BillingFacts(state, reason, grace_ends_at)}


CROWDED = {"over_limit": OverLimit(NOW)}
ACTIVE, ENDED = billed(BillingState.ACTIVE), billed(BillingState.ENDED, "canceled")
UNPAID = billed(BillingState.SUSPENDED, "nonpayment")
GRACE, OVERDUE = (billed(BillingState.GRACE, "nonpayment", NOW + more) for more in (1, 0))


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, Status.ACTIVE, None),
        ({"trial_ends_at": NOW + 1}, Status.TRIALING, None),
        ({"trial_ends_at": NOW}, Status.EXPIRED, "trial_ended"),
        ({"expires_at": NOW + 1}, Status.ACTIVE, None),
        ({"expires_at": NOW, "trial_ends_at": NOW + 1}, Status.EXPIRED, "expired"),
        ({"starts_at": NOW}, Status.ACTIVE, None),
        ({"starts_at": NOW + 1, "expires_at": NOW + 2}, Status.PENDING, "not_started"),
        ({"suspended": True, "expires_at": NOW}, Status.SUSPENDED, "manual"),
        ({"suspended": True, "revoked": True}, Status.REVOKED, "manual"),
    ],
)
def test_the_strongest_reason_names_the_status(changes: dict[str, Any], status: Status, reason: str | None) -> None:
    assert standing(Lifetime(**changes), NOW) == (status, reason)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        (ACTIVE, Status.ACTIVE, None),
        (ACTIVE | {"trial_ends_at": NOW + 1}, Status.TRIALING, None),
        (ACTIVE | {"trial_ends_at": NOW}, Status.ACTIVE, None),
        (ACTIVE | {"expires_at": NOW + 1}, Status.ACTIVE, None),
        (ACTIVE | {"expires_at": NOW}, Status.ENDED, "canceled"),
        (ACTIVE | {"starts_at": NOW + 1}, Status.PENDING, "not_started"),
        (billed(BillingState.PENDING, "incomplete"), Status.PENDING, "incomplete"),
        (GRACE, Status.GRACE, "nonpayment"),
        (GRACE | {"trial_ends_at": NOW + 1}, Status.GRACE, "nonpayment"),
        (OVERDUE, Status.SUSPENDED, "nonpayment"),
        (UNPAID | {"starts_at": NOW + 1}, Status.SUSPENDED, "nonpayment"),
        (UNPAID | {"expires_at": NOW}, Status.ENDED, "nonpayment"),
        (ENDED, Status.ENDED, "canceled"),
        (ENDED | {"suspended": True}, Status.ENDED, "canceled"),
        (ENDED | {"revoked": True}, Status.REVOKED, "manual"),
        (ACTIVE | {"suspended": True}, Status.SUSPENDED, "manual"),
        (GRACE | {"suspended": True}, Status.SUSPENDED, "manual"),
        (billed(BillingState.PENDING) | {"suspended": True}, Status.SUSPENDED, "manual"),
    ],
)
def test_what_billing_says_has_its_place_in_the_order(
    changes: dict[str, Any], status: Status, reason: str | None
) -> None:
    assert standing(Lifetime(**changes), NOW) == (status, reason)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        (CROWDED, Status.SUSPENDED, "over_limit"),
        ({"over_limit": OverLimit(NOW + 1)}, Status.ACTIVE, None),
        ({"over_limit": OverLimit(None)}, Status.ACTIVE, None),
        (CROWDED | {"starts_at": NOW + 1}, Status.SUSPENDED, "over_limit"),
        (CROWDED | {"expires_at": NOW}, Status.SUSPENDED, "over_limit"),
        (CROWDED | {"suspended": True}, Status.SUSPENDED, "manual"),
        (CROWDED | {"revoked": True}, Status.REVOKED, "manual"),
        (CROWDED | ACTIVE, Status.SUSPENDED, "over_limit"),
        (CROWDED | GRACE, Status.SUSPENDED, "over_limit"),
        (CROWDED | UNPAID, Status.SUSPENDED, "nonpayment"),
        (CROWDED | OVERDUE, Status.SUSPENDED, "nonpayment"),
        (CROWDED | ENDED, Status.ENDED, "canceled"),
    ],
)
def test_too_few_seats_suspend_from_their_deadline_on_after_hand_and_billing(
    changes: dict[str, Any], status: Status, reason: str | None
) -> None:
    assert standing(Lifetime(**changes), NOW) == (status, reason)
