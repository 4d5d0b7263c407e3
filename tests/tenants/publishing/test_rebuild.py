"""Facts can be lost, altered or left behind by a restore; the data plane is made right again, and waits meanwhile."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.running.whole import Whole
from verify import facts
from verify.facts import StoreState

WITHIN_SECONDS = 1.0
REBUILT_SECONDS = 10.0
NEWEST = "SELECT max(id::text) FROM outbox_entries"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("rebuild") / "home") as started:
        yield started


def until(is_so: Callable[[], bool], seconds: float) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)


def ready(whole: Whole) -> bool:
    return whole.verifier.get("/readyz").status_code == 200


def held_state(whole: Whole) -> StoreState:
    data = whole.redis.get(facts.STATE_KEY)
    return msgspec.msgpack.decode(data, type=StoreState) if isinstance(data, bytes) else StoreState(0, 0)


def held_epoch(whole: Whole) -> int:
    return held_state(whole).epoch


def until_noted(whole: Whole) -> None:
    """That Redis is told how far the database is."""
    with whole.administrator() as connection:
        until(lambda: (held_state(whole).mark,) == connection.execute(NEWEST).fetchone(), REBUILT_SECONDS)


def new_key(whole: Whole) -> tuple[str, str, str]:
    """License, key and secret."""
    sample = whole.bootstrap["sample"]
    bought = whole.post("licenses", {"customer": sample["customer"], "plan": sample["plan"]})["id"]
    key = whole.post("keys", {"license": bought})
    return bought, key["id"], key["secret"]


def test_after_a_restore_from_an_older_dump_later_revocations_still_take_effect(whole: Whole, tmp_path: Path) -> None:
    kept, revoked_later = new_key(whole), new_key(whole)
    dump = tmp_path / "licet.dump"
    dump.write_bytes(whole.postgres("pg_dump", "--format=custom", whole.administrator_url()))
    for _ in range(5):  # Redis is told higher revisions than the restored database will know of
        whole.post(f"licenses/{kept[0]}/suspension")
        whole.api.delete(f"/v1/licenses/{kept[0]}/suspension").raise_for_status()
    whole.post(f"keys/{revoked_later[1]}/revocation")
    newer = new_key(whole)
    assert whole.code(newer[2]) == "VALID"
    before = held_epoch(whole)
    with whole.administrator("postgres") as connection:
        connection.execute("DROP DATABASE licet WITH (FORCE)")
        connection.execute("CREATE DATABASE licet OWNER licet_owner TEMPLATE template0")
    whole.postgres("pg_restore", "--dbname", whole.administrator_url(), str(dump))
    until(lambda: held_epoch(whole) > before, REBUILT_SECONDS)
    assert whole.code(revoked_later[2]) == "VALID"  # as the restored database says
    assert whole.code(newer[2]) == "NOT_FOUND"
    whole.post(f"licenses/{kept[0]}/suspension")
    whole.post(f"keys/{revoked_later[1]}/revocation")
    until(lambda: whole.code(kept[2]) == "LICENSE_SUSPENDED", WITHIN_SECONDS)
    until(lambda: whole.code(revoked_later[2]) == "KEY_REVOKED", WITHIN_SECONDS)


def test_an_emptied_redis_under_load_gives_no_wrong_verdict(whole: Whole) -> None:
    live, dead = new_key(whole), new_key(whole)
    whole.post(f"keys/{dead[1]}/revocation")
    until(lambda: whole.code(dead[2]) == "KEY_REVOKED", WITHIN_SECONDS)
    seen: dict[str, set[str]] = {live[2]: set(), dead[2]: set()}
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            for key, codes in seen.items():
                codes.add(whole.code(key))

    callers = [threading.Thread(target=load) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for _ in range(5):
            whole.redis.flushall()
            time.sleep(0.1)
            until(lambda: ready(whole), REBUILT_SECONDS)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert seen[live[2]] <= {"VALID", "HTTP 503"}
    assert seen[dead[2]] <= {"KEY_REVOKED", "HTTP 503"}
    assert {whole.code(live[2]), whole.code(dead[2])} == {"VALID", "KEY_REVOKED"}


def test_it_is_not_ready_until_the_facts_are_rebuilt(whole: Whole) -> None:
    key = new_key(whole)[2]
    assert whole.code(key) == "VALID"
    relay = whole.pid_of("manage.py relay")
    os.kill(relay, signal.SIGSTOP)
    try:
        whole.redis.flushall()
        until(lambda: not ready(whole), WITHIN_SECONDS)
        assert {whole.code(key) for _ in range(20)} == {"HTTP 503"}
    finally:
        os.kill(relay, signal.SIGCONT)
    until(lambda: ready(whole), REBUILT_SECONDS)
    assert whole.code(key) == "VALID"


def test_facts_altered_by_hand_are_repaired_by_republish_all(whole: Whole) -> None:
    _, key, secret = new_key(whole)
    whole.post(f"keys/{key}/revocation")
    until(lambda: whole.code(secret) == "KEY_REVOKED", WITHIN_SECONDS)
    names = [name.decode() for name in whole.redis.scan_iter("facts:*") if name.decode() not in facts.NO_FACTS]
    right = {name: held(whole, name) for name in names}
    for number, name in enumerate(sorted(names)):
        kind = facts.kind_and_name(name)[0]
        known = facts.decode(kind, right[name])
        match number % 5:
            case 0:
                whole.redis.set(name, facts.encode(known.epoch + 50, known.revision + 50, known.fact))
            case 1:
                whole.redis.set(name, b"noise")
            case 2:
                whole.redis.delete(name)
            case 3:
                whole.redis.delete(name)
                whole.redis.lpush(name, "a list")
            case _:
                whole.redis.set(name, facts.encode(1, 0, known.fact))
    pardoned = next(name for name in names if _is_revoked(name, right[name]))
    fact = facts.decode("key", right[pardoned]).fact
    whole.redis.set(pardoned, facts.encode(999, 999_999, msgspec.structs.replace(fact, revoked=False)))
    assert whole.code(secret) != "KEY_REVOKED"
    whole.redis.set("facts:key:made-up", b"noise")
    whole.redis.set("facts:key:" + "00" * 32, facts.encode(10**9, 1, fact))  # a well-formed key that nobody issued
    whole.redis.set(b"facts:key:\xff\xfe", b"noise")
    whole.redis.set("facts:nothing:like-it", b"noise")
    told = whole.manage("republish_all")
    assert f"{len(names)} facts told anew" in told
    after = {name.decode() for name in whole.redis.scan_iter("facts:*")} - set(facts.NO_FACTS)
    assert after == set(names)
    for name in names:
        kind = facts.kind_and_name(name)[0]
        assert _content(kind, held(whole, name)) == _content(kind, right[name]), name
    assert whole.code(secret) == "KEY_REVOKED"


def held(whole: Whole, name: str) -> bytes:
    data = whole.redis.get(name)
    assert isinstance(data, bytes)
    return data


def _is_revoked(name: str, data: bytes) -> bool:
    fact = facts.decode(facts.kind_and_name(name)[0], data).fact
    return isinstance(fact, facts.KeyFacts) and fact.revoked


def _content(kind: str, data: bytes) -> tuple[int, facts.Fact]:
    return facts.decode(kind, data)[1:]


def test_a_rebuild_killed_half_way_is_finished_by_the_relay(whole: Whole) -> None:
    """The epoch was raised and nothing told: the relay finds both apart."""
    before = held_epoch(whole)
    with psycopg.connect(whole.settings["DATABASE_SWEEP_URL"]) as connection:
        connection.execute("UPDATE facts_epoch SET epoch = epoch + 1")
    until(lambda: held_epoch(whole) > before, REBUILT_SECONDS)
    assert whole.code(whole.bootstrap["sample"]["key_secret"]) == "VALID"


def test_a_redis_that_forgot_its_last_second_is_told_it_again(whole: Whole) -> None:
    """As after a power loss, or a failover to a replica that lagged behind: acknowledged, then gone."""
    _, key, secret = new_key(whole)
    assert whole.code(secret) == "VALID"
    names = [name.decode() for name in whole.redis.scan_iter("facts:*")]
    a_second_ago = {name: held(whole, name) for name in names}
    until_noted(whole)
    whole.post(f"keys/{key}/revocation")
    until(lambda: whole.code(secret) == "KEY_REVOKED", WITHIN_SECONDS)
    until_noted(whole)
    whole.redis.mset(a_second_ago)
    until(lambda: whole.code(secret) == "KEY_REVOKED", REBUILT_SECONDS)


def test_a_redis_that_was_started_anew_is_told_the_last_changes_again(whole: Whole) -> None:
    """Even where it forgot only what the relay had not noted yet."""
    _, key, secret = new_key(whole)
    assert whole.code(secret) == "VALID"
    relay, name = whole.pid_of("manage.py relay"), _name_of(whole, key)
    os.kill(relay, signal.SIGSTOP)
    try:
        before = held(whole, name)
        whole.post(f"keys/{key}/revocation")
        whole.redis.set(name, before)
        time.sleep(1.2)  # let it reach the append-only file
        os.kill(whole.pid_of("valkey-server"), signal.SIGKILL)
    finally:
        os.kill(relay, signal.SIGCONT)
    until(lambda: ready(whole), REBUILT_SECONDS)
    until(lambda: whole.code(secret) == "KEY_REVOKED", REBUILT_SECONDS)


def _name_of(whole: Whole, key: str) -> str:
    names = (name.decode() for name in whole.redis.scan_iter("facts:key:*"))
    found: str = next(name for name in names if key.encode() in held(whole, name))
    return found


def test_a_restore_that_nobody_watched_is_noticed_by_the_next_change(whole: Whole) -> None:
    """The relay was stopped, and the restored database has already gone beyond what Redis was told."""
    license, _, secret = new_key(whole)
    for _ in range(3):
        whole.post(f"licenses/{license}/suspension")
        whole.api.delete(f"/v1/licenses/{license}/suspension").raise_for_status()
    until_noted(whole)
    relay = whole.pid_of("manage.py relay")
    os.kill(relay, signal.SIGSTOP)
    try:
        with whole.administrator() as connection:
            connection.execute("SELECT setval('facts_revision', (SELECT last_value FROM facts_revision) - 5)")
            connection.execute("UPDATE licenses SET revision = revision - 6")
        answer = whole.api.post(f"/v1/licenses/{license}/suspension", json={})
        assert (answer.status_code, answer.json()["propagation"]) == (202, "pending")
        for number in range(8):
            whole.post("customers", {"name": f"Made meanwhile {number}"})
    finally:
        os.kill(relay, signal.SIGCONT)
    until(lambda: whole.code(secret) == "LICENSE_SUSPENDED", REBUILT_SECONDS)


def test_a_database_that_does_not_know_the_last_change_is_another_one(whole: Whole) -> None:
    """A restore whose sequence ran ahead: no number tells, the mark does."""
    until_noted(whole)
    before = held_epoch(whole)
    with whole.administrator() as connection:
        connection.execute(f"DELETE FROM outbox_entries WHERE id = ({NEWEST})::uuid")
    until(lambda: held_epoch(whole) > before, REBUILT_SECONDS)


def test_a_store_emptied_during_a_rebuild_is_not_declared_whole(whole: Whole) -> None:
    sample = whole.bootstrap["sample"]
    for _ in range(3):
        rebuilding = threading.Thread(target=whole.manage, args=["republish_all"])
        rebuilding.start()
        while rebuilding.is_alive():
            if whole.redis.exists("rebuilding"):
                whole.redis.flushdb()
                break
            time.sleep(0.0005)
        rebuilding.join()
        until(lambda: ready(whole), REBUILT_SECONDS)
        assert whole.code(sample["key_secret"]) == "VALID"


def test_a_command_and_the_relay_do_not_rebuild_twice(whole: Whole) -> None:
    until_noted(whole)
    before = held_epoch(whole)
    whole.manage("republish_all")
    time.sleep(1)
    assert held_epoch(whole) == before + 1


def test_a_start_on_a_healthy_store_rebuilds_nothing(tmp_path: Path) -> None:
    with Whole(tmp_path / "home") as first:
        epoch, key = held_epoch(first), first.bootstrap["sample"]["key_secret"]
        assert first.stop() == 0
        assert "Telling every fact anew" in first.log  # the very first time there was nothing
    with Whole(tmp_path / "home") as second:
        assert second.code(key) == "VALID"
        assert held_epoch(second) == epoch
        assert "Telling every fact anew" not in second.log
        assert second.bootstrap["secret_key"] == first.bootstrap["secret_key"]
        assert second.stop() == 0
