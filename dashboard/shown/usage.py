"""Usage as pages show it: one bar and one row for each day, totals by outcome, and calls in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dashboard.shown.terms import in_period
from licensing.models import Decision
from licensing.queries.usage import Used
from licensing.rules.usage import DAY
from verify.answer import EPOCH
from verify.ground.ids import encode
from verify.limits.counted import NEAR_PERCENT, QuotaState
from verify.reasons import Reason

BAR, GAP, HEIGHT = 8, 2, 100  # of the drawing, which is stretched to what room there is
LEAST = 1.0  # what was used at all can be seen

Amount = int | float


class Day(NamedTuple):
    starts_at: datetime
    used: Amount
    refused: Amount


class Bar(NamedTuple):
    day: Day
    x: int
    y: str
    height: str


class Chart(NamedTuple):
    """`width` and `height` are the drawing's own; `top` is what its full height stands for."""

    bars: list[Bar]
    width: int
    height: int
    top: Amount
    busiest: Day


class ShownUsage(NamedTuple):
    """`days` oldest first, each of the period; `total` of what was admitted, `outcomes` of everything asked for."""

    chart: Chart
    days: list[Day]
    total: Amount
    outcomes: list[tuple[str, Amount]]

    @property
    def newest_first(self) -> list[Day]:
        return self.days[::-1]


class ShownQuota(NamedTuple):
    state: QuotaState
    resets_at: datetime | None

    @property
    def near(self) -> int:
        """From where on the bar changes its colour."""
        return self.state.limit * NEAR_PERCENT // 100

    @property
    def filled(self) -> int:
        """A bar ends at its limit."""
        return min(self.state.used, self.state.limit)

    @property
    def period_in_words(self) -> str:
        return in_period(self.state.period)


class ShownDecision(NamedTuple):
    row: Decision
    key: str
    usage: str

    @property
    def request(self) -> str:
        return encode(Decision.PREFIX, self.row.id)

    @property
    def asked(self) -> str:
        """What was to be done: `GET /v1/reports`."""
        return " ".join(filter(None, (self.row.method, self.row.resource)))


def shown_usage(rows: Iterable[Used], start: datetime, end: datetime, aggregation: str) -> ShownUsage:
    """`rows` by day and outcome, `start` at midnight."""
    total = max if aggregation == "max" else sum
    found: dict[datetime, dict[str, Amount]] = defaultdict(dict)
    by_outcome: dict[str, list[Amount]] = defaultdict(list)
    for row in rows:
        outcome = row.group["outcome"] or ""
        found[row.start][outcome] = row.value
        by_outcome[outcome].append(row.value)
    days = []
    for number in range(-((start - end) // DAY)):
        at = start + number * DAY
        told = found.get(at, {})
        refused = [value for outcome, value in told.items() if outcome != Reason.VALID]
        days.append(Day(at, told.get(Reason.VALID, 0), total(refused) if refused else 0))
    totals = {outcome: total(values) for outcome, values in by_outcome.items()}
    used = totals.pop(Reason.VALID.value, 0)
    outcomes = [(Reason.VALID.value, used), *sorted(totals.items(), key=lambda one: (-one[1], one[0]))]
    return ShownUsage(_chart(days), days, used, outcomes)


def _chart(days: Sequence[Day]) -> Chart:
    busiest = max(days, key=lambda day: day.used)
    top = busiest.used
    bars = []
    for number, day in enumerate(days):
        height = max(LEAST, HEIGHT * float(day.used) / float(top)) if day.used > 0 else 0.0
        bars.append(Bar(day, number * (BAR + GAP), f"{HEIGHT - height:.2f}", f"{height:.2f}"))
    return Chart(bars, len(days) * (BAR + GAP) - GAP, HEIGHT, top, busiest)


def shown_quota(state: QuotaState) -> ShownQuota:
    ends = None if state.resets_at is None else EPOCH + timedelta(milliseconds=state.resets_at)
    return ShownQuota(state, ends)


def shown_decision(row: Decision) -> ShownDecision:
    usage = ", ".join(f"{meter} {value:,}" for meter, value in sorted(row.usage.items()))
    return ShownDecision(row, encode("key", row.key_id), usage)


def midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
