"""The audit finds what differs, and nothing while calls go on."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from licensing import tasks
from licensing.models import Drained, License
from licensing.usage.counters.audit import Audit, NotComparable, _is_comparable, audit
from licensing.usage.stream import client
from tenants import clock
from tenants.clock import milliseconds
from tenants.tenancy import tenant_transaction
from tests.licensing.usage.counted import Counted, counted
from tests.licensing.usage.draining import draining
from tests.licensing.usage.feeding import HOUR_MS, Feed
from verify.ground.ids import decode
from verify.limits.checks import SLACK_MS
from verify.limits.counted import Code
from verify.limits.shards import counter_key, ready_key

ROUNDS = 5
PATIENCE_SECONDS = 60.0


def audited(feed: Feed) -> Audit:
    return audit(feed.shard, of=feed.total, now=clock.now())


@contextmanager
def calling(one: Counted, at_least: int) -> Iterator[None]:
    """Three callers until the block ends, which begins when so many calls were answered."""
    stop, answered = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        while not stop.is_set():
            one.verify(usage={"requests": 1})
            answered.release()

    callers = [threading.Thread(target=work) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        assert all(answered.acquire(timeout=PATIENCE_SECONDS) for _ in range(at_least))
        yield
    finally:
        stop.set()
        for caller in callers:
            caller.join()


def test_with_calls_going_on_there_is_no_difference(feed: Feed, tmp_path: Path) -> None:
    quotas = [
        {"meter": "requests", "limit": 10**9, "period": period, "overage": "deny", "per": per}
        for per in ("license", "customer")
        for period in ("month", "lifetime")
    ]
    with (
        counted(feed, tmp_path, quotas=quotas, rate_limits=[]) as one,
        draining(feed.drain().tick) as ended,
        calling(one, at_least=20),
    ):
        found = [audited(feed) for _ in range(ROUNDS)]
        assert not ended.is_set()
    assert found == [Audit(4, [])] * ROUNDS


def test_a_planted_difference_is_found_told_and_noted(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        one.verify()
        feed.drain().tick()
        assert audited(feed) == Audit(9, [])
        names = sorted(client().scan_iter(f"used:{{s{feed.shard:02}}}:*"))
        client().incrby(names[0], 3)
        client().delete(names[1])
        drifts = audited(feed).drifts
        assert [(one.counter, int(one.holds), int(one.ledger)) for one in drifts] == [
            (names[0].decode(), 4, 1),
            (names[1].decode(), 0, 1),
        ]
        assert Drained.objects.using("sweep").get(shard=feed.shard).drifted == 2


def test_the_daily_task_tells_it_in_the_log_and_on_metrics(
    feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with counted(feed, tmp_path) as one:
        one.verify()
        feed.drain().tick()
        name = next(client().scan_iter(f"used:{{s{feed.shard:02}}}:*"))
        client().incrby(name, 3)
        with caplog.at_level(logging.ERROR):
            tasks.audit_counters(feed.shard)
        assert [one.message for one in caplog.records] == [f"{name.decode()} holds 4, the ledger says 1.000000000"]
        tasks.keep_partitions()
        assert f'licet_usage_drifted_counters{{shard="{feed.shard}"}} 1.0' in feed.place.api.get("/metrics").text


def test_the_command_exits_with_1_when_something_differs(
    feed: Feed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with counted(feed, tmp_path) as one:
        one.verify()
        feed.drain().tick()
        name = next(client().scan_iter(f"used:{{s{feed.shard:02}}}:*"))
        client().incrby(name, 3)
    with pytest.raises(SystemExit) as ended:
        call_command("audit_counters", shard=feed.shard)
    assert ended.value.code == 1
    assert f"{name.decode()} holds 4, the ledger says 1" in capsys.readouterr().out


def test_what_is_not_ready_or_not_drained_is_not_compared(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        one.verify()
        with pytest.raises(NotComparable, match="backlog"):
            audit(feed.shard, of=feed.total, now=clock.now(), patience_seconds=0.1)
        client().delete(ready_key(feed.shard))
        with pytest.raises(NotComparable, match="made anew"):
            audited(feed)


def test_usage_of_a_trial_is_in_its_first_period_and_one_that_began_otherwise_is_nobodys(feed: Feed) -> None:
    now, license = clock.now(), feed.license
    anchor = now.replace(microsecond=0) + timedelta(days=9)
    with tenant_transaction(feed.organization):
        rows = License.objects.within(feed.place.environment).filter(pk=decode("lic", license))
        rows.update(trial_ends_at=anchor, period_anchor=anchor, period_unit="month", period_count=1)
    feed.tell([(feed.call(decided_at=milliseconds(now), charges={"requests": 8}), Code.ADMITTED)])
    feed.drain().tick()
    held = counter_key(feed.shard, license, "billing_period", milliseconds(anchor) or 0, "requests")
    client().set(held, 1)
    assert audited(feed) == Audit(1, [])
    client().delete(held)
    assert [one.ledger for one in audited(feed).drifts] == [1]
    client().set(held, 1)
    with tenant_transaction(feed.organization):
        rows.update(trial_ends_at=None, period_anchor=anchor + timedelta(days=1))
    assert audited(feed).drifts == []
    client().delete(held)


def test_what_may_have_gone_when_it_was_read_is_not_compared() -> None:
    name, ends = counter_key(0, "lic_1", "hour", 0, "requests"), {("hour", 0): HOUR_MS}
    assert [_is_comparable(name, ends, HOUR_MS + SLACK_MS - 1), _is_comparable(name, ends, HOUR_MS + SLACK_MS)] == [
        True,
        False,
    ]
