"""Period boundaries."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stripe_simulator.subscriptions.periods import boundary, next_boundary


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "number", "expected"),
    [
        ("2026-01-31", "month", 1, 1, "2026-02-28"),
        ("2026-01-31", "month", 1, 2, "2026-03-31"),
        ("2024-02-29", "year", 1, 1, "2025-02-28"),
        ("2024-02-29", "year", 1, 4, "2028-02-29"),
        ("2026-11-30T10:30", "month", 3, 1, "2027-02-28T10:30"),
        ("2026-01-01", "week", 2, 1, "2026-01-15"),
        ("2026-01-01", "day", 10, 3, "2026-01-31"),
    ],
)
def test_month_ends_are_clamped_and_come_back(
    anchor: str, interval: str, count: int, number: int, expected: str
) -> None:
    assert boundary(at(anchor), interval, count, number) == at(expected)


@given(
    st.integers(at("2020-01-01"), at("2030-01-01")),
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 6),
    st.integers(0, 400 * 86_400),
)
def test_the_next_boundary_is_the_first_later_one(anchor: int, interval: str, count: int, passed: int) -> None:
    found = next_boundary(anchor, interval, count, anchor + passed)
    boundaries = [boundary(anchor, interval, count, number) for number in range(402)]
    assert found == min(moment for moment in boundaries if moment > anchor + passed)
