"""Which end is news, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from licensing.rules.endings import Ending, key_endings, license_endings
from licensing.rules.terms import Ends
from verify.license_status import Standing, Status

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
MOMENT, DAY = timedelta(milliseconds=1), timedelta(days=1)
ACTIVE, TRIALING = Standing(Status.ACTIVE, None), Standing(Status.TRIALING, None)


@pytest.mark.parametrize(
    ("ahead", "times"), [(MOMENT, 1), (3 * DAY, 1), (3 * DAY + MOMENT, 0), (timedelta(0), 0)], ids=str
)
def test_an_end_is_near_for_three_days_as_the_verdict_warns(ahead: timedelta, times: int) -> None:
    end = NOW + ahead
    assert license_endings(ACTIVE, Ends(end, None), NOW) == [Ending("license.expiring", end, "expires_at")] * times
    assert [one.type for one in key_endings(end, NOW)] == ["key.expiring"] * times


def test_a_trial_that_also_ends_by_itself_has_two_ends_to_come() -> None:
    found = license_endings(TRIALING, Ends(NOW + 2 * DAY, NOW + DAY), NOW)
    assert [(one.type, one.end) for one in found] == [
        ("license.trial_ending", NOW + DAY),
        ("license.expiring", NOW + 2 * DAY),
    ]


@pytest.mark.parametrize(
    ("ends", "end"),
    [(Ends(NOW, None), NOW), (Ends(None, NOW), NOW), (Ends(NOW, NOW - DAY), NOW - DAY), (Ends(NOW + DAY, NOW), NOW)],
)
def test_what_has_expired_expired_at_its_first_end(ends: Ends, end: datetime) -> None:
    (told,) = license_endings(Standing(Status.EXPIRED, "why"), ends, NOW)
    assert told == Ending("license.expired", end, "ended_at", "why")


def test_what_passed_a_month_ago_is_no_news() -> None:
    expired = Standing(Status.EXPIRED, "expired")
    assert license_endings(expired, Ends(NOW - 30 * DAY, None), NOW) == []
    assert len(license_endings(expired, Ends(NOW - 30 * DAY + MOMENT, None), NOW)) == 1


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED, Status.ENDED])
def test_what_is_over_by_hand_ends_without_news(status: Status) -> None:
    assert license_endings(Standing(status, "manual"), Ends(NOW + DAY, NOW + DAY), NOW) == []


def test_what_never_ends_is_no_news() -> None:
    assert license_endings(ACTIVE, Ends(None, None), NOW) == key_endings(None, NOW) == []
