"""Whatever is done to the audit log behind the product's back is found, is named, and stays found."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tenants.actions.audit_verification import verify_audit_chain
from tenants.models import AuditEntry, AuditWaiting
from tenants.queries.audit_chain import hashed
from tenants.rules.audit_chain import EMPTY, Head, link
from tests.places import Place
from tests.running.stack import CLONE
from tests.tenants.actions.chains import administrator, chained, no_sequencer, role, until_sequenced
from verify.ground.ids import encode, new_uuid

Attack = Callable[[psycopg.Connection[Any], UUID], None]
OF = "WHERE organization_id = %(of)s"
AT_3 = f"(SELECT entry_id FROM audit_chain {OF} AND position = 3)"
CUT = f"DELETE FROM audit_chain {OF} AND position > 6"


def run(*statements: str) -> Attack:
    def attack(connection: psycopg.Connection[Any], of: UUID) -> None:
        for statement in statements:
            assert connection.execute(statement.encode(), {"of": of}).rowcount > 0, statement

    return attack


def both(first: Attack, second: Attack) -> Attack:
    def attack(connection: psycopg.Connection[Any], of: UUID) -> None:
        first(connection, of)
        second(connection, of)

    return attack


def rewrite(connection: psycopg.Connection[Any], of: UUID) -> None:
    """Changes an entry, and every hash from there on, as whoever knows the code but no key would."""
    connection.execute(f"UPDATE audit_entries SET action = 'nothing.happened' WHERE id = {AT_3}", {"of": of})
    connection.commit()
    head = EMPTY
    for entry in chained(of):
        head = link(head, hashed(entry))
        connection.execute("UPDATE audit_chain SET hash = %s WHERE entry_id = %s", [head.hash, entry.id])


def swap(connection: psycopg.Connection[Any], of: UUID) -> None:
    for position, other in ((3, -1), (4, 3), (-1, 4)):
        connection.execute(f"UPDATE audit_chain SET position = {other} {OF} AND position = {position}", {"of": of})


def append(connection: psycopg.Connection[Any], of: UUID) -> None:
    """Writes an entry past the triggers, and its link behind the last."""
    head = verify_audit_chain(of).head
    columns = "organization_id, environment_id, actor_kind, subject_id, changes, database_role, created_at"
    connection.execute(
        f"INSERT INTO audit_entries (id, action, {columns}) SELECT gen_random_uuid(), 'made.up', {columns} "
        f"FROM audit_entries WHERE id = {AT_3}",
        {"of": of},
    )
    connection.commit()
    entry = AuditEntry.objects.across_tenants().get(organization_id=of, action="made.up")
    follows = link(head, hashed(entry))
    connection.execute(
        "INSERT INTO audit_chain (id, organization_id, position, entry_id, hash) "
        "VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        [of, follows.position, entry.id, follows.hash],
    )


def forge(text: str) -> Attack:
    return run(f"UPDATE audit_heads SET sealed = {text} {OF}")


CHANGED, DROPPED = "the entry was changed, or what stands before it", "the entry was dropped"
GAP, UNLINKED, END = "1 link is missing here", "the entry has no link", "2 links are missing at the end"
FORGED, NOT_AS_SEALED = "the sealed head was forged", "the chain does not end as its sealed head says"
ANEW = "the chain was begun anew here, as its sealed head was missing or forged"

# What is done, what is found at once, and what is still found when the chain has gone on.
ATTACKS: dict[str, tuple[Attack, set[str], set[str]]] = {
    "an entry is changed": (
        run(f"UPDATE audit_entries SET changes = '{{}}', action = 'x' WHERE id = {AT_3}"),
        {CHANGED},
        {CHANGED},
    ),
    "an entry is dropped": (run(f"DELETE FROM audit_entries WHERE id = {AT_3}"), {DROPPED}, {DROPPED}),
    "a link is dropped": (run(f"DELETE FROM audit_chain {OF} AND position = 3"), {GAP, UNLINKED}, {GAP, UNLINKED}),
    "the first link is dropped": (
        run(f"DELETE FROM audit_chain {OF} AND position = 1"),
        {GAP, UNLINKED},
        {GAP, UNLINKED},
    ),
    "an entry and its link are dropped": (
        run(f"DELETE FROM audit_entries WHERE id = {AT_3}", f"DELETE FROM audit_chain {OF} AND position = 3"),
        {GAP},
        {GAP},
    ),
    "they are dropped, and the rest moves up": (
        run(
            f"DELETE FROM audit_entries WHERE id = {AT_3}",
            f"DELETE FROM audit_chain {OF} AND position = 3",
            f"UPDATE audit_chain SET position = -position {OF} AND position > 3",
            f"UPDATE audit_chain SET position = -position - 1 {OF} AND position < 0",
        ),
        {CHANGED, "1 link is missing at the end"},
        {CHANGED, GAP},
    ),
    "the end is cut off with its entries": (
        run(f"DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_chain {OF} AND position > 6)", CUT),
        {END},
        {"2 links are missing here"},
    ),
    "two links are swapped": (swap, {CHANGED}, {CHANGED}),
    "all is rewritten but the sealed head": (rewrite, {NOT_AS_SEALED}, {CHANGED}),
    "all is rewritten and the head is dropped": (
        both(rewrite, run(f"DELETE FROM audit_heads {OF}")),
        {"the sealed head was dropped"},
        {ANEW},
    ),
    "the chain is made longer": (append, {NOT_AS_SEALED}, {CHANGED}),
    "the head is noise": (forge("'noise'"), {FORGED}, {ANEW}),
    "the head is altered": (forge("set_byte(sealed, 30, get_byte(sealed, 30) # 1)"), {FORGED}, {ANEW}),
    "the end is cut off and the head forged": (
        both(run(CUT), forge("set_byte(sealed, 30, get_byte(sealed, 30) # 1)")),
        {FORGED, UNLINKED},
        {ANEW, UNLINKED},
    ),
}


@pytest.fixture
def chain(place: Place) -> tuple[Place, UUID]:
    """A tenant with the eight links that it was made with."""
    until_sequenced(place.environment.organization_id)
    assert len(chained(place.environment.organization_id)) == 8
    return place, place.environment.organization_id


def problems(organization_id: UUID) -> set[str]:
    return {fault.problem for fault in verify_audit_chain(organization_id).faults}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_was_altered_is_found_and_never_vouched_for_later(chain: tuple[Place, UUID], name: str) -> None:
    place, organization_id = chain
    attack, at_once, later = ATTACKS[name]
    assert problems(organization_id) == set()
    with administrator() as connection:
        attack(connection, organization_id)
    assert problems(organization_id) == at_once
    place.post("customers", {"name": "Life goes on"})
    until_sequenced(organization_id)
    assert problems(organization_id) == later
    place.post("customers", {"name": "And on"})
    until_sequenced(organization_id)
    assert problems(organization_id) == later


def test_every_column_of_an_entry_is_in_its_hash(chain: tuple[Place, UUID]) -> None:
    organization_id = chain[1]
    others = {"changes": "'{\"other\": 1}'", "created_at": "now()", "environment_id": "gen_random_uuid()"}
    for field in AuditEntry._meta.fields:
        if field.column in ("id", "organization_id"):
            continue
        row = chained(organization_id)[2]
        other = others.get(field.column or "", "'other'")
        with administrator() as connection:
            connection.execute(f"UPDATE audit_entries SET {field.column} = {other} WHERE id = '{row.id}'")
        assert problems(organization_id) == {CHANGED}, field.column
        with administrator() as connection:
            connection.execute(f"DELETE FROM audit_entries WHERE id = '{row.id}'")
        row.save(force_insert=True, using="sweep")
        AuditWaiting.objects.across_tenants().filter(pk=row.id).delete()
        assert problems(organization_id) == set(), field.column


def test_an_entry_that_was_kept_from_the_chain_is_found(chain: tuple[Place, UUID]) -> None:
    place, organization_id = chain
    with no_sequencer(), administrator() as connection:
        place.post("customers", {"name": "Nobody shall know"})
        connection.execute(f"DELETE FROM audit_waiting {OF}", {"of": organization_id})
    place.post("customers", {"name": "Life goes on"})
    until_sequenced(organization_id)
    assert problems(organization_id) == {UNLINKED}


def test_an_entry_that_is_dropped_before_it_is_chained_leaves_its_link(chain: tuple[Place, UUID]) -> None:
    place, organization_id = chain
    with no_sequencer(), administrator() as connection:
        place.post("customers", {"name": "Nobody shall know"})
        waiting = f"(SELECT entry_id FROM audit_waiting {OF})"
        connection.execute(f"DELETE FROM audit_entries WHERE id IN {waiting}", {"of": organization_id})
    until_sequenced(organization_id)
    assert problems(organization_id) == {DROPPED}


def test_one_tenants_head_does_not_open_as_anothers(new_place: Callable[[], Place]) -> None:
    one, other = (made.environment.organization_id for made in (new_place(), new_place()))
    until_sequenced(one)
    until_sequenced(other)
    with administrator() as connection:
        statement = "UPDATE audit_heads SET sealed = (SELECT sealed FROM audit_heads WHERE organization_id = %s) "
        connection.execute(f"{statement} WHERE organization_id = %s", [one, other])
    assert (problems(one), problems(other)) == (set(), {FORGED})


def test_a_log_of_which_nothing_is_left_is_found(chain: tuple[Place, UUID]) -> None:
    organization_id = chain[1]
    with administrator() as connection:
        for table in ("audit_entries", "audit_chain", "audit_heads"):
            connection.execute(f"DELETE FROM {table} {OF}".encode(), {"of": organization_id})
    assert problems(organization_id) == {"nothing is left of the audit log"}


def test_a_head_that_was_noted_elsewhere_finds_what_nothing_in_the_database_can(chain: tuple[Place, UUID]) -> None:
    """The whole chain, its head too, was dropped, and its altered entries were queued once more."""
    organization_id = chain[1]
    noted = verify_audit_chain(organization_id).head
    assert verify_audit_chain(organization_id, noted=noted).intact
    with no_sequencer(), administrator() as connection:
        run(
            f"UPDATE audit_entries SET action = 'nothing.happened' WHERE id = {AT_3}",
            f"DELETE FROM audit_chain {OF}",
            f"DELETE FROM audit_heads {OF}",
            "INSERT INTO audit_waiting (organization_id, entry_id, turn) "
            f"SELECT organization_id, id, 0 FROM audit_entries {OF}",
        )(connection, organization_id)
    until_sequenced(organization_id)
    assert problems(organization_id) == set()
    found = verify_audit_chain(organization_id, noted=noted).faults
    assert [fault.problem for fault in found] == ["the chain is not the one whose head was noted"]
    beyond = verify_audit_chain(organization_id, noted=Head(99, noted.hash)).faults
    assert [fault.problem for fault in beyond] == ["the chain does not reach the head that was noted"]


FORBIDDEN = (
    *("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"),
    *("UPDATE audit_chain SET position = 0", "DELETE FROM audit_chain", "TRUNCATE audit_chain"),
    *("DELETE FROM audit_heads", "TRUNCATE audit_heads", "ALTER TABLE audit_entries DISABLE TRIGGER USER"),
    *("DROP TRIGGER audit_entries_wait ON audit_entries", "SET session_replication_role = replica"),
    *("SELECT setval('commit_turns', 1)", "UPDATE audit_waiting SET turn = 0", "TRUNCATE audit_waiting"),
)
SEQUENCER_ALONE = (
    *("DELETE FROM audit_waiting", "UPDATE audit_heads SET sealed = 'x'", "UPDATE events SET position = 0"),
    "INSERT INTO audit_chain SELECT gen_random_uuid(), organization_id, 99, gen_random_uuid(), hash FROM audit_chain",
    "INSERT INTO audit_heads SELECT * FROM audit_heads",
)


@pytest.mark.parametrize("statement", [*FORBIDDEN, *SEQUENCER_ALONE])
def test_the_application_can_do_none_of_it(statement: str) -> None:
    with role("DATABASE_URL", new_uuid()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", [name for name in FORBIDDEN if "waiting SET" not in name])
def test_the_sweeps_can_do_next_to_none_of_it(statement: str) -> None:
    with role("DATABASE_SWEEP_URL", new_uuid()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_application_queues_neither_what_is_no_entry_nor_what_is_anothers(new_place: Callable[[], Place]) -> None:
    mine, others = (made.environment.organization_id for made in (new_place(), new_place()))
    until_sequenced(others)
    insert = "INSERT INTO audit_waiting (organization_id, entry_id, turn) VALUES (%s, %s, 0)"
    for entry_id in (chained(others)[0].id, UUID(int=0)):
        with role("DATABASE_URL", mine) as connection:
            connection.execute(insert, [mine, entry_id])
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                connection.commit()


def test_an_entry_that_is_queued_twice_is_chained_once(chain: tuple[Place, UUID]) -> None:
    place, organization_id = chain
    with role("DATABASE_URL", organization_id) as connection:
        run(f"INSERT INTO audit_waiting SELECT organization_id, entry_id, 0 FROM audit_chain {OF}")(
            connection, organization_id
        )
    place.post("customers", {"name": "Life goes on"})
    until_sequenced(organization_id)
    assert (len(chained(organization_id)), problems(organization_id)) == (9, set())


def verified(*words: str, **settings: str) -> tuple[int, str, str]:
    command = [sys.executable, "manage.py", "verify_audit_chain", *words]
    environment = {**os.environ, **settings}
    done = subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_command_names_what_it_finds_and_fails(chain: tuple[Place, UUID]) -> None:
    place, organization_id = chain
    name, head = place.document["organization"], verify_audit_chain(organization_id).head
    assert verified(name, "--noted", str(head)) == (0, f"{name} 8 entries, head {head}: intact\n", "")
    entry = encode("aud", chained(organization_id)[2].id)
    with administrator() as connection:
        ATTACKS["an entry is changed"][0](connection, organization_id)
    status, told, complaint = verified(name)
    assert status == 1
    assert told == f"{name} 8 entries, head {head}: 1 fault\n  3 {entry} {CHANGED}\n"
    assert complaint.strip() == "CommandError: The audit log was altered: 1 fault."


def test_a_key_that_went_missing_is_told_apart_from_a_forgery(chain: tuple[Place, UUID]) -> None:
    place, _ = chain
    status, told, _ = verified(place.document["organization"], LICET_DATA_KEKS="9:" + "A" * 43)
    assert status == 1
    assert "the head is sealed with a key that is not in LICET_DATA_KEKS" in told


@pytest.mark.parametrize("words", [["org_1"], ["org_01m7zyydeefqvtctt2p910mv5w"], ["--noted", "1:00"]])
def test_the_command_never_calls_intact_what_it_did_not_see(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("verify_audit_chain", *words)
