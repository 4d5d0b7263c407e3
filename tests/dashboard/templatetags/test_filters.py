"""How times and allauth's headings are written."""

from datetime import UTC, datetime, timedelta, timezone

from dashboard.templatetags.moments import day, minute
from dashboard.templatetags.wording import sentence

MOMENT = datetime(2026, 2, 1, 0, 30, 5, 250_000, tzinfo=timezone(timedelta(hours=2)))


def test_a_time_is_shown_in_utc_and_exact_for_programs() -> None:
    exact = "2026-01-31T22:30:05.250Z"
    assert MOMENT.astimezone(UTC).day == 31
    assert day(MOMENT) == f'<time datetime="{exact}" title="{exact}">31 Jan 2026</time>'
    assert minute(MOMENT) == f'<time datetime="{exact}" title="{exact}">31 January 2026, 22:30 UTC</time>'


def test_a_heading_has_one_capital() -> None:
    assert sentence("\n  Two-Factor   Authentication ") == "Two-factor authentication"
