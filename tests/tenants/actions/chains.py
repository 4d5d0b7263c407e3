"""What tests of the audit chain share: waiting for the sequencer, looking at a chain, the database's own rulers."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tenants.models import AuditEntry, AuditLink, AuditWaiting, EventWaiting

PATIENCE_SECONDS = 30.0
SEQUENCER = 0x11CE8


def until(is_so: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    patience_ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < patience_ends
        time.sleep(0.02)


def is_sequenced(organization_id: UUID) -> bool:
    queues = (AuditWaiting, EventWaiting)
    return not any(queue.objects.across_tenants().filter(organization_id=organization_id) for queue in queues)


def until_sequenced(organization_id: UUID) -> None:
    until(lambda: is_sequenced(organization_id))


def chained(organization_id: UUID) -> list[AuditEntry]:
    """The entries in the order of the chain."""
    links = AuditLink.objects.across_tenants().filter(organization_id=organization_id).order_by("position")
    ids = list(links.values_list("entry_id", flat=True))
    entries = AuditEntry.objects.across_tenants().in_bulk(ids)
    return [entries[entry_id] for entry_id in ids]


@contextmanager
def role(variable: str, organization_id: UUID) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of whoever the named setting is for, acting for one organization."""
    with psycopg.connect(os.environ[variable]) as connection:
        connection.execute(sql.SQL("SET LOCAL app.organization TO {}").format(str(organization_id)))
        yield connection


@contextmanager
def administrator(*, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """A superuser for whom there are no triggers, foreign keys or policies."""
    url = os.environ["DATABASE_OWNER_URL"].replace("licet_owner@", "postgres@")
    with psycopg.connect(url, autocommit=autocommit) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@contextmanager
def no_sequencer() -> Iterator[None]:
    """What waits goes on waiting."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [SEQUENCER])
        yield


def settings_for(database: str) -> dict[str, str]:
    """The environment of a command that works in another database of the same server."""
    names = ("DATABASE_URL", "DATABASE_SWEEP_URL", "DATABASE_OWNER_URL")
    return {name: os.environ[name].replace("/licet?", f"/{database}?") for name in names}
