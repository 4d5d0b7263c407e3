"""Windows of quotas: each moment is in one, they follow without a gap, and months end as Stripe's do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.facts import BillingPeriod
from verify.limits.windows import Window, window

PERIODS = ("hour", "day", "month", "billing_period")
moments = st.integers(min_value=1_500_000_000_000, max_value=4_000_000_000_000)
billings = st.builds(
    BillingPeriod,
    anchor=moments,
    unit=st.sampled_from(["day", "week", "month", "year"]),
    count=st.integers(min_value=1, max_value=12),
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def between(start: str, end: str) -> Window:
    return Window(ms(start), ms(end))


@given(period=st.sampled_from(PERIODS), now=moments, billing=billings)
def test_each_moment_is_in_one_window_and_the_next_begins_where_it_ends(
    period: str, now: int, billing: BillingPeriod
) -> None:
    now = max(now, billing.anchor) if period == "billing_period" else now
    start, end = window(period, now, billing)
    assert end is not None
    assert start <= now < end
    assert window(period, start, billing) == window(period, end - 1, billing) == (start, end)
    assert window(period, end, billing).start == end


@pytest.mark.parametrize(
    ("period", "moment", "expected"),
    [
        ("hour", "2026-11-22T02:38:50", between("2026-11-22T02:00", "2026-11-22T03:00")),
        ("day", "2026-11-22T23:59:59.999", between("2026-11-22T00:00", "2026-11-23T00:00")),
        ("month", "2028-02-29T12:00", between("2028-02-01T00:00", "2028-03-01T00:00")),
        ("month", "2026-12-31T23:59:59", between("2026-12-01T00:00", "2027-01-01T00:00")),
    ],
)
def test_calendar_windows_are_utc(period: str, moment: str, expected: Window) -> None:
    assert window(period, ms(moment), BillingPeriod(0)) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-02-10T00:00", between("2026-01-31T10:00", "2026-02-28T10:00")),
        ("2026-02-28T10:00", between("2026-02-28T10:00", "2026-03-31T10:00")),
        ("2026-04-30T09:59:59", between("2026-03-31T10:00", "2026-04-30T10:00")),
        ("2028-03-01T00:00", between("2028-02-29T10:00", "2028-03-31T10:00")),
    ],
)
def test_a_billing_month_ends_on_the_last_day_where_there_is_no_31st(moment: str, expected: Window) -> None:
    assert window("billing_period", ms(moment), BillingPeriod(ms("2026-01-31T10:00"))) == expected


def test_a_year_from_the_29th_of_february_begins_on_the_28th_till_the_next_leap_year() -> None:
    billing = BillingPeriod(ms("2028-02-29T00:00"), "year")
    assert window("billing_period", ms("2029-03-01T00:00"), billing) == between("2029-02-28T00:00", "2030-02-28T00:00")


def test_before_its_anchor_the_first_billing_period_is_open() -> None:
    billing = BillingPeriod(ms("2026-05-15T00:00"))
    assert window("billing_period", ms("2026-05-01T00:00"), billing).start == ms("2026-05-15T00:00")


@pytest.mark.parametrize(("unit", "count"), [("day", 31), ("week", 4), ("month", 1), ("year", 12)])
def test_a_billing_period_that_would_end_after_the_year_9999_has_no_end(unit: str, count: int) -> None:
    anchor = ms("9999-12-15T00:00")
    assert window("billing_period", ms("2026-05-01T00:00"), BillingPeriod(anchor, unit, count)) == Window(anchor, None)


def test_a_lifetime_never_ends() -> None:
    assert window("lifetime", ms("2026-05-01T00:00"), BillingPeriod(0)) == Window(0, None)
