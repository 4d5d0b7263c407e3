"""Usage as pages show it."""

from datetime import UTC, datetime, timedelta

from dashboard.shown.usage import LEAST, shown_usage
from licensing.queries.usage import Used

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=6, hours=5)


def row(day: int, outcome: str, value: int) -> Used:
    at = START + timedelta(days=day)
    return Used(at, at + timedelta(days=1), value, {"outcome": outcome}, [])


def test_every_day_has_its_row_and_its_place_in_the_drawing() -> None:
    usage = shown_usage([row(0, "VALID", 200), row(3, "VALID", 50), row(3, "RATE_LIMITED", 9)], START, END, "sum")
    assert [day.used for day in usage.days] == [200, 0, 0, 50, 0, 0, 0]
    assert [day.refused for day in usage.days] == [0, 0, 0, 9, 0, 0, 0]
    assert [bar.height for bar in usage.chart.bars] == ["100.00", "0.00", "0.00", "25.00", "0.00", "0.00", "0.00"]
    assert (usage.chart.bars[3].y, usage.chart.bars[3].x, usage.chart.width) == ("75.00", 30, 68)
    assert (usage.chart.top, usage.chart.busiest.starts_at) == (200, START)


def test_totals_begin_with_what_was_admitted() -> None:
    rows = [row(0, "RATE_LIMITED", 900), row(1, "VALID", 5), row(2, "VALID", 6), row(2, "KEY_REVOKED", 1)]
    usage = shown_usage(rows, START, END, "sum")
    assert usage.outcomes == [("VALID", 11), ("RATE_LIMITED", 900), ("KEY_REVOKED", 1)]
    assert shown_usage(rows, START, END, "max").outcomes[0] == ("VALID", 6)


def test_what_was_used_at_all_can_be_seen() -> None:
    usage = shown_usage([row(0, "VALID", 10**9), row(1, "VALID", 1)], START, END, "sum")
    assert float(usage.chart.bars[1].height) == LEAST


def test_nothing_is_drawn_of_nothing() -> None:
    usage = shown_usage([], START, END, "sum")
    assert (usage.total, usage.chart.top, usage.outcomes) == (0, 0, [("VALID", 0)])
    assert {bar.height for bar in usage.chart.bars} == {"0.00"}
