"""What is said of the way of usage into the ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from licensing.rules.status.books import SeenAudit, SeenShard, counters, drain, partitions, usage_log
from licensing.rules.status.part import State

NOW, CAP = datetime(2026, 7, 1, 12, tzinfo=UTC), 1000
QUIET = SeenShard(0, 0, 0.0)


@pytest.mark.parametrize(
    ("shards", "state", "said"),
    [
        ([QUIET], State.OK, "Every call is in the ledger."),
        ([SeenShard(0, 12, 0.3)], State.OK, "12 calls not in the ledger yet, for 0.3 s."),
        ([SeenShard(0, 12, 11.0)], State.WARN, "for 11 s"),
        ([SeenShard(0, 500, 0.3)], State.WARN, "500 calls"),
        ([SeenShard(0, 12, 61.0)], State.BAD, "for 61 s"),
        ([SeenShard(0, 900, 0.3)], State.BAD, "At 1,000 verify takes no more."),
        ([SeenShard(0, 5, 0.1), SeenShard(1, 7, 12.0)], State.WARN, "12 calls not in the ledger yet, for 12 s (the"),
        ([QUIET, SeenShard(1, 7, 12.0)], State.WARN, "the oldest in shard 1 of 2"),
        (None, State.UNKNOWN, "Redis does not say"),
    ],
)
def test_the_drain_is_judged_by_its_slowest_and_its_fullest_shard(
    shards: list[SeenShard] | None, state: State, said: str
) -> None:
    part = drain(shards, CAP)
    assert part.state is state
    assert said in part.says


def test_counters_unlike_the_ledger_are_bad_whenever_that_was_seen() -> None:
    audits = [SeenAudit(0, NOW - timedelta(hours=5), 0), SeenAudit(1, NOW - timedelta(hours=6), 2)]
    part = counters(audits, NOW)
    assert (part.state, part.says) == (State.BAD, "2 counters unlike the ledger at the last audit.")
    assert "audit_counters" in part.advice


def test_an_audit_that_is_not_done_daily_is_missed() -> None:
    def state(**ago: float) -> State:
        return counters([SeenAudit(0, NOW - timedelta(**ago), 0)], NOW).state

    assert (state(hours=30), state(days=4)) == (State.OK, State.WARN)
    assert counters([], NOW).state is State.OK  # the first comes within a day
    assert counters(None, NOW).state is State.UNKNOWN


def test_entries_that_could_not_be_read_are_said() -> None:
    assert usage_log(0).state is State.OK
    assert (usage_log(1).state, usage_log(1).says[:7]) == (State.WARN, "1 entry")
    assert usage_log(None).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("days", "state"), [(7, State.OK), (3, State.OK), (2, State.WARN), (0, State.WARN), (-1, State.BAD)]
)
def test_partitions_are_made_ahead_or_somebody_is_told(days: int, state: State) -> None:
    assert partitions(days).state is state
    assert bool(partitions(days).advice) == (state is not State.OK)
