"""A license's status by precedence, from facts and a moment alone."""

from typing import Any, NamedTuple

import pytest

from verify.license_status import Status, standing

NOW = 1_000


class Lifetime(NamedTuple):
    revoked: bool = False
    suspended: bool = False
    starts_at: int = 0
    expires_at: int | None = None
    trial_ends_at: int | None = None


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
