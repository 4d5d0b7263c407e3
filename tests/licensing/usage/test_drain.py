"""Every call that the log has is in the tables once, whatever happens to the drain on the way."""

import json
import logging
import random
import threading
import time
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, OperationalError, connections
from django.test import override_settings

from licensing.models import BrokenEntry, Decision, Drained, LedgerEntry, UsageHour
from licensing.usage import books
from licensing.usage.drain import Drain
from licensing.usage.stream import GROUP, client
from tests.licensing.usage.draining import Cutting, draining
from tests.licensing.usage.feeding import Feed, expected, found
from tests.tenants.actions.chains import administrator
from verify.ground.ids import new_uuid
from verify.limits.counted import Code
from verify.limits.log_entry import Unknown, encode_unknown
from verify.limits.shards import log_key, ready_key

CHANCE = 20260
PATIENCE_SECONDS = 60.0


def run(drain: Drain) -> None:
    while drain.tick():
        pass


def wait_until_empty(feed: Feed, ended: threading.Event) -> None:
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while feed.waiting() and time.monotonic() < patience_ends and not ended.is_set():
        time.sleep(0.02)


def test_decisions_ledger_and_rollups_are_what_an_independent_count_says(feed: Feed) -> None:
    feed.tell_many(1500, random.Random(CHANCE))
    run(feed.drain())
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)


def test_items_that_come_again_in_other_batches_change_nothing(feed: Feed) -> None:
    chance = random.Random(CHANCE + 1)
    feed.tell_many(1000, chance, repeated_percent=5)
    drain = feed.drain()
    run(drain)
    once = list(feed.said.values())
    feed.tell(once[:300])  # and long after
    feed.tell([once[0], once[0], once[1]])
    run(drain)
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)


def test_an_admission_that_overrules_a_refusal_is_in_the_ledger_once(feed: Feed) -> None:
    refused = feed.call()
    feed.tell([(refused, Code.LIMITED)])
    told = msgspec.structs.replace(refused, decided_at=refused.decided_at + 1000, overrules=True)
    for _ in range(2):
        feed.tell([(told, Code.ADMITTED)])
    run(feed.drain())
    made = Decision.objects.across_tenants().filter(organization_id=feed.organization).order_by("decided_at")
    assert [one.outcome for one in made] == ["RATE_LIMITED", "VALID"]
    (entry,) = LedgerEntry.objects.across_tenants().filter(organization_id=feed.organization)
    assert entry.id.bytes == refused.id


def test_entries_may_come_in_any_order(feed: Feed) -> None:
    chance = random.Random(CHANCE + 2)
    calls = sorted((feed.any_call(chance) for _ in range(300)), key=lambda one: -one[0].decided_at)
    for start in range(0, 300, 30):
        feed.tell(calls[start : start + 30])
    run(feed.drain())
    assert found(feed) == expected(feed)


def test_an_entry_says_everything_of_its_call(feed: Feed) -> None:
    logged = feed.call(
        usage={"tokens": 7, "requests": 1},
        added={"tokens": 7, "requests": 1},
        charges={"tokens": 12},
        features=["export", "audit", "export"],
        ip="203.0.113.7",
        resource="/a\0b",
        context=json.dumps({"note": "a\0b", "n": [1, None, -(2**70)]}),
    )
    feed.tell([(logged, Code.ADMITTED)])
    run(feed.drain())
    decision = Decision.objects.across_tenants().get(organization_id=feed.organization)
    assert (decision.id.bytes, decision.outcome, decision.repeat) == (logged.id, "VALID", False)
    assert (decision.ip, decision.resource, decision.context) == (
        "203.0.113.7",
        "/a\ufffdb",
        {"note": "a\ufffdb", "n": [1, None, -(2**70)]},
    )
    assert decision.usage == {"tokens": 7, "requests": 1}
    entries = LedgerEntry.objects.across_tenants().filter(organization_id=feed.organization).order_by("meter")
    assert [(row.meter, row.value, row.charges, row.features) for row in entries] == [
        ("requests", 1, 0, ["audit", "export"]),
        ("tokens", 7, 12, ["audit", "export"]),
    ]


def test_whatever_a_caller_names_holds_up_nobody_elses_calls(feed: Feed) -> None:
    """An index holds only so much: features that are no codes are kept with the decision, not in the sums."""
    dice = random.Random(CHANCE)
    noise = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=2000)) for _ in range(20)]
    codes = [f"{number:064}" for number in range(256)]
    asked = (noise, codes, ["UPPER", "", "ok"])
    feed.tell([(feed.call(features=features), Code.ADMITTED) for features in asked])
    run(feed.drain())
    assert Decision.objects.across_tenants().filter(organization_id=feed.organization).count() == 3
    hours = UsageHour.objects.across_tenants().filter(organization_id=feed.organization, meter="requests")
    assert sorted(len(row.features) for row in hours) == [0, 1, 16]
    assert sum(row.value for row in hours) == 3


def test_two_drains_at_once_count_nothing_twice(feed: Feed) -> None:
    feed.tell_many(3000, random.Random(CHANCE + 3), repeated_percent=5)
    with draining(*(Drain([feed.shard], consumer=name).tick for name in ("one", "two"))) as ended:
        wait_until_empty(feed, ended)
        assert not ended.is_set()
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)


def test_what_a_dead_drain_had_taken_is_drained_by_the_next_one_of_its_name(feed: Feed) -> None:
    feed.tell_many(200, random.Random(CHANCE + 4))
    client().xreadgroup(GROUP, "test", {log_key(feed.shard): ">"}, count=3)
    run(feed.drain())
    assert found(feed) == expected(feed)


def test_an_entry_that_cannot_be_read_is_put_aside_and_takes_no_other_with_it(
    feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    good = feed.any_call(random.Random(CHANCE + 5))
    nonsense = feed.put({"calls": b"\xc1", "outcomes": msgspec.msgpack.encode((1, [[0, [], []]]))})
    strange = feed.call(environment="env_00000000000000000000000000")
    too_large = feed.call(plan_version=2**40)
    too_long = feed.call(added={"m" * 65: 1})  # which only the database sees
    feed.tell([good, (strange, Code.ADMITTED), (too_large, Code.ADMITTED)])
    feed.tell([(too_long, Code.ADMITTED)])
    feed.tell_many(50, random.Random(CHANCE + 6))
    with caplog.at_level(logging.ERROR):
        run(feed.drain())
    for bad in (strange, too_large, too_long):
        del feed.said[bad.id]
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)
    aside = BrokenEntry.objects.using("sweep").filter(shard=feed.shard).order_by("entry")
    assert len(aside) == 3
    assert aside[0].entry == nonsense.decode()
    assert msgspec.msgpack.decode(bytes(aside[0].fields))[b"calls"] == b"\xc1"
    assert len([one for one in caplog.records if "is put aside" in one.message]) == 3


def test_keys_that_nobody_knows_are_counted_per_minute_once(feed: Feed) -> None:
    minute = feed.base_ms - feed.base_ms % 60_000
    environment = feed.place.environment.public_id
    told = [Unknown(new_uuid().bytes, environment, minute, times) for times in (3, 4)]
    for _ in range(2):
        feed.put({"unknown": encode_unknown(told)})
    run(feed.drain())
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT times FROM unknown_keys WHERE organization_id = %s", [feed.organization])
        assert cursor.fetchall() == [(7,)]


def test_a_database_that_goes_away_is_waited_out(feed: Feed, caplog: pytest.LogCaptureFixture) -> None:
    feed.tell_many(1000, random.Random(CHANCE + 7), repeated_percent=5)
    tick = Cutting(feed.drain().tick)
    with draining(tick) as ended:
        wait_until_empty(feed, ended)
        assert not ended.is_set()
    assert tick.cuts > 5
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)


def test_a_database_that_goes_away_just_when_a_repeat_is_found_is_waited_out(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.tell_many(100, random.Random(CHANCE + 9))
    run(feed.drain())
    feed.tell(list(feed.said.values())[:10])
    copy = books._copy

    def cut(*words: Any) -> None:
        try:
            copy(*words)
        except IntegrityError:
            with administrator() as other:
                pid = connections["sweep"].connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            raise

    monkeypatch.setattr(books, "_copy", cut)
    with pytest.raises(OperationalError, match="the connection was lost"):
        feed.drain().tick()
    connections.close_all()
    monkeypatch.undo()
    run(feed.drain())
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)


def test_half_a_full_log_is_told_once(feed: Feed, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        feed.tell([feed.any_call(random.Random(CHANCE + 8)) for _ in range(30)])
    with override_settings(LICET_LOG_CAP=100), caplog.at_level(logging.ERROR):
        run(feed.drain())
    assert len([one for one in caplog.records if "wait for the ledger" in one.message]) == 1


def test_the_shard_is_ready_after_the_first_round_and_the_last_entry_is_noted(feed: Feed) -> None:
    assert client().exists(ready_key(feed.shard)) == 1
    last = feed.tell([feed.any_call(random.Random(CHANCE + 9))])
    run(feed.drain())
    row = Drained.objects.using("sweep").get(shard=feed.shard)
    assert f"{row.last_ms}-{row.last_seq}".encode() == last


def test_what_a_consumer_that_never_comes_back_had_taken_is_taken_over(feed: Feed) -> None:
    feed.tell_many(200, random.Random(CHANCE + 10))
    client().xreadgroup(GROUP, "another", {log_key(feed.shard): ">"}, count=3)
    drain = feed.drain()
    run(drain)
    assert feed.waiting() == 3  # it may only be slow
    name = client().xpending_range(log_key(feed.shard), GROUP, "-", "+", 10)
    for one in name:  # as if a minute had passed
        client().xclaim(log_key(feed.shard), GROUP, "another", 0, [one["message_id"]], idle=60_000)
    run(drain)
    assert found(feed) == expected(feed)
    assert (feed.waiting(), feed.backlog()) == (0, 0)
