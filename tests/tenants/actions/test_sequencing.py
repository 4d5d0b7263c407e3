"""The order of the audit log and of events is that of commits, whoever writes and whatever dies."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from tenants import clock
from tenants.actions.audit_verification import verify_audit_chain
from tenants.models import AuditWaiting, Event, EventWaiting
from tests.places import Place
from tests.running import processes
from tests.running.prove import Figure
from tests.running.stack import CLONE, Stack
from tests.tenants.actions.chains import (
    SEQUENCER,
    administrator,
    chained,
    no_sequencer,
    role,
    settings_for,
    until,
    until_sequenced,
)
from verify.ground.ids import new_uuid

WRITERS = 8


class Commit(NamedTuple):
    """When it was asked for and when it was acknowledged, by the clock of the writers' process."""

    name: str
    asked: float
    done: float


def write(connection: psycopg.Connection[Any], place: Place, name: str) -> None:
    """An audit entry and an event, as an action leaves them; `name` is what they are about."""
    environment = place.environment
    who = (environment.organization_id, environment.id, name, clock.now())
    connection.execute(
        "INSERT INTO audit_entries (id, organization_id, environment_id, subject_id, created_at, action, actor_kind, "
        "changes) VALUES (%s, %s, %s, %s, %s, 'test.written', 'system', '{}')",
        [new_uuid(), *who],
    )
    connection.execute(
        "INSERT INTO events (id, organization_id, environment_id, subject_id, created_at, type, data) "
        "VALUES (%s, %s, %s, %s, %s, 'test.written', '{}')",
        [new_uuid(), *who],
    )


def entries(place: Place) -> list[str]:
    return [entry.subject_id for entry in chained(place.environment.organization_id) if entry.action == "test.written"]


def events(place: Place) -> list[str]:
    found = Event.objects.across_tenants().filter(organization_id=place.environment.organization_id)
    return list(
        found.filter(type="test.written", position__isnull=False)
        .order_by("position")
        .values_list("subject_id", flat=True)
    )


def test_what_began_first_and_committed_last_comes_last(place: Place) -> None:
    """Though all of it waits for one and the same round."""
    organization_id = place.environment.organization_id
    with no_sequencer(), role("DATABASE_URL", organization_id) as first:
        write(first, place, "began first")
        for name in ("second", "third"):
            with role("DATABASE_URL", organization_id) as other:
                write(other, place, name)
        write(first, place, "its last word")
        first.commit()
    until_sequenced(organization_id)
    assert entries(place) == events(place) == ["second", "third", "began first", "its last word"]


def test_what_another_transaction_still_holds_back_delays_nobody(place: Place) -> None:
    organization_id = place.environment.organization_id
    with role("DATABASE_URL", organization_id) as slow:
        write(slow, place, "slow")
        with role("DATABASE_URL", organization_id) as quick:
            write(quick, place, "quick")
        until(lambda: events(place) == ["quick"])
        slow.commit()
    until_sequenced(organization_id)
    assert entries(place) == events(place) == ["quick", "slow"]


def test_what_is_rolled_back_is_in_neither(place: Place) -> None:
    organization_id = place.environment.organization_id
    with role("DATABASE_URL", organization_id) as connection:
        write(connection, place, "never")
        connection.rollback()
    until_sequenced(organization_id)
    assert entries(place) == events(place) == []


def keep_writing(place: Place, writer: int, commits: int, done: list[Commit]) -> None:
    dice = random.Random(writer)
    for number in range(commits):
        with role("DATABASE_URL", place.environment.organization_id) as connection:
            name = f"{writer}.{number}"
            write(connection, place, name)
            time.sleep(dice.random() * 0.02)
            asked = time.monotonic()
            connection.commit()
            done.append(Commit(name, asked, time.monotonic()))


@pytest.mark.prove
def test_however_many_write_the_order_is_that_of_their_commits(place: Place, scale: float, figure: Figure) -> None:
    """No commit that had been acknowledged before another was asked for comes after it; all are there, once."""
    organization_id, done, commits = place.environment.organization_id, list[Commit](), max(20, int(500 * scale))
    writers = [threading.Thread(target=keep_writing, args=(place, writer, commits, done)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    until_sequenced(organization_id)
    known = {commit.name: commit for commit in done}
    for order in (entries(place), events(place)):
        assert sorted(order) == sorted(known)
        latest_asked = 0.0
        for commit in (known[name] for name in order):
            assert commit.done >= latest_asked, f"{commit.name} stands after what was asked for later"
            latest_asked = max(latest_asked, commit.asked)
    began = time.monotonic()
    verified = verify_audit_chain(organization_id)
    assert verified.intact
    figure("links", verified.entries, f"by {WRITERS} writers at once")
    figure("verified per second", float(verified.entries / (time.monotonic() - began)), "links")


@contextmanager
def stopped_relay(stack: Stack) -> Iterator[None]:
    """The running copy's sequencer stands still, and holds no lock."""
    (relay,) = [pid for pid, command in processes.mentioning(str(stack.home)).items() if "manage.py relay" in command]
    try:
        while True:
            os.kill(relay, signal.SIGSTOP)
            with administrator() as connection:
                held = connection.execute("SELECT FROM pg_locks WHERE objid = %s", [SEQUENCER]).fetchall()
            if not held:
                break
            os.kill(relay, signal.SIGCONT)
        yield
    finally:
        os.kill(relay, signal.SIGCONT)


def sequence_elsewhere(**settings: str) -> subprocess.CompletedProcess[str]:
    """One round in a process of its own."""
    words = ["-c", "import django; django.setup(); from tenants.actions.sequencing import sequence; sequence()"]
    environment = {**os.environ, **settings}
    return subprocess.run(
        [sys.executable, *words], cwd=CLONE, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_sequencer_that_is_killed_loses_and_doubles_nothing(place: Place, stack: Stack) -> None:
    organization_id = place.environment.organization_id
    until_sequenced(organization_id)
    before = verify_audit_chain(organization_id)
    names = [f"written {number}" for number in range(5)]
    with stopped_relay(stack):
        for name in names:
            with role("DATABASE_URL", organization_id) as connection:
                write(connection, place, name)
        for _ in range(2):
            done = sequence_elsewhere(LICET_FAILPOINTS="sequencer.before_commit=kill")
            assert done.returncode == -signal.SIGKILL
            assert entries(place) == events(place) == []
            assert AuditWaiting.objects.across_tenants().filter(organization_id=organization_id).count() == 5
            assert EventWaiting.objects.across_tenants().filter(organization_id=organization_id).count() == 5
    until_sequenced(organization_id)
    assert entries(place) == events(place) == names
    after = verify_audit_chain(organization_id)
    assert (after.intact, after.entries) == (True, before.entries + 5)


def test_a_head_whose_key_is_missing_is_waited_for_and_not_replaced(place: Place, stack: Stack) -> None:
    """While the key is away nothing is chained, and nothing is lost; other things go on."""
    organization_id = place.environment.organization_id
    until_sequenced(organization_id)
    with stopped_relay(stack):
        with role("DATABASE_URL", organization_id) as connection:
            write(connection, place, "patient")
        done = sequence_elsewhere(LICET_DATA_KEKS="9:" + "A" * 43)
        assert "is not in LICET_DATA_KEKS" in done.stdout + done.stderr
        assert (entries(place), events(place)) == ([], ["patient"])
    until_sequenced(organization_id)
    assert entries(place) == ["patient"]
    assert verify_audit_chain(organization_id).intact


def test_a_restored_database_goes_on_with_its_chain(place: Place, stack: Stack, tmp_path: Path) -> None:
    """From a dump in which something was waiting, into a fresh database, with everything since forgotten."""
    from config.supervisor.embedded.postgres import binaries  # noqa: PLC0415 - beside its only use

    organization_id = place.environment.organization_id
    until_sequenced(organization_id)
    dump, restored = tmp_path / "licet.dump", f"restored_{organization_id.hex[-8:]}"
    settings = settings_for(restored)
    with no_sequencer():
        with role("DATABASE_URL", organization_id) as writer:
            write(writer, place, "waited in the dump")
        _run(
            binaries() / "pg_dump",
            "--format=custom",
            "--file",
            dump,
            _as_administrator(settings_for("licet")),
        )
    with administrator(autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {restored} OWNER licet_owner TEMPLATE template0".encode())
        try:
            _run(binaries() / "pg_restore", "--dbname", _as_administrator(settings), dump)
            with psycopg.connect(settings["DATABASE_URL"]) as writer:
                writer.execute(f"SET LOCAL app.organization TO '{organization_id}'".encode())
                write(writer, place, "written after the restore")
            assert sequence_elsewhere(**settings).returncode == 0
            assert _verified(place, settings).endswith(": intact")
            with psycopg.connect(settings["DATABASE_OWNER_URL"]) as owner:
                assert _last_subjects(owner, organization_id) == ["waited in the dump", "written after the restore"]
        finally:
            connection.execute(f"DROP DATABASE {restored} WITH (FORCE)".encode())


def _as_administrator(settings: dict[str, str]) -> str:
    return settings["DATABASE_OWNER_URL"].replace("licet_owner@", "postgres@")


def _last_subjects(owner: psycopg.Connection[Any], organization_id: UUID) -> list[str]:
    owner.execute(f"SET LOCAL app.organization TO '{organization_id}'".encode())
    links = owner.execute(
        "SELECT subject_id FROM audit_chain JOIN audit_entries ON audit_entries.id = entry_id "
        "ORDER BY audit_chain.position DESC LIMIT 2"
    )
    return [subject for (subject,) in reversed(links.fetchall())]


def _verified(place: Place, settings: dict[str, str]) -> str:
    words = [sys.executable, "manage.py", "verify_audit_chain", place.document["organization"]]
    return _run(*words, **settings).strip()


def _run(*words: object, **settings: str) -> str:
    command, environment = [str(word) for word in words], {**os.environ, **settings}
    done = subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
