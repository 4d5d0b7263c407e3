"""One shard's log in Redis, as the drain reads it: in a consumer group, and taken out only when it is in the tables.

Timeout 5 s per command, no retry here: the drain comes again (tenants.publishing.ticking). What waits is told by
licensing.queries.usage_lag, and so by /metrics.
"""

import socket
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import redis
from django.conf import settings

from verify.limits import shards

GROUP = "drain"
COMMAND_SECONDS = 5.0
LEAST_ENTRIES, MOST_ENTRIES = 40, 2500  # at a time; an entry holds up to 128 calls, and 8 under load
MOST_CALLS = 20_000  # that are wished for at a time
DEAD_MS = 15_000  # who has not settled what it took after this long is taken for dead

_scripts = Path(__file__).parent


class EntryId(NamedTuple):
    ms: int
    seq: int

    @classmethod
    def parse(cls, text: bytes | str) -> Self:
        ms, _, seq = (text.decode() if isinstance(text, bytes) else text).partition("-")
        return cls(int(ms), int(seq))

    def __str__(self) -> str:
        return f"{self.ms}-{self.seq}"


NONE_YET = EntryId(0, 0)


class Entry(NamedTuple):
    id: EntryId
    fields: dict[bytes, bytes]


class Look(NamedTuple):
    """How a shard stands; `remembers` is whether the store knows of the last entry that the tables have."""

    ready: bool
    remembers: bool
    backlog: int


@lru_cache
def client() -> Any:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=COMMAND_SECONDS,
        socket_connect_timeout=COMMAND_SECONDS,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@lru_cache
def script(path: Path) -> Any:
    return client().register_script(path.read_text())


class Stream:
    """`consumer` is this host by default: who comes after a dead drain goes on with what that one had taken."""

    def __init__(self, shard: int, consumer: str | None = None) -> None:
        self.shard, self._consumer = shard, consumer or socket.gethostname()
        self.key = shards.log_key(shard)
        self._entries = LEAST_ENTRIES
        self._has_own = True

    def look(self, last: EntryId) -> Look:
        """`last`: that the tables have, read before this."""
        keys = [self.key, shards.backlog_key(self.shard), shards.drained_key(self.shard), shards.ready_key(self.shard)]
        ready, acknowledged, has_last, backlog = script(_scripts / "look.lua")(keys=keys, args=[str(last)])
        return Look(bool(ready), bool(has_last) or EntryId.parse(acknowledged) >= last, backlog)

    def read(self) -> list[Entry]:
        """First what was taken and not settled, then what dead consumers left, then what is new."""
        try:
            return self._own() or self._left(DEAD_MS) or self._taken(">")
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            client().xgroup_create(self.key, GROUP, id="0", mkstream=True)
            return self._taken(">")

    def take_over(self) -> list[Entry]:
        """What any consumer has taken and not settled, dead or not."""
        return self._left(0)

    def failed(self) -> None:
        """What was read is not settled; it comes first the next time."""
        self._has_own = True

    def acknowledge(self, settled: Sequence[tuple[EntryId, int]]) -> None:
        """`settled`: entries that are in the tables, each with how many calls it holds."""
        keys = [self.key, shards.backlog_key(self.shard), shards.drained_key(self.shard)]
        words = [word for entry, calls in settled for word in (str(entry), calls)]
        script(_scripts / "acknowledge.lua")(keys=keys, args=[GROUP, str(max(settled)[0]), *words])
        calls = sum(calls for _, calls in settled)
        fitting = MOST_CALLS * len(settled) // max(1, calls)
        self._entries = min(max(LEAST_ENTRIES, fitting), MOST_ENTRIES, 2 * max(len(settled), LEAST_ENTRIES))

    def newest(self) -> EntryId:
        try:
            return EntryId.parse(client().xinfo_stream(self.key)["last-generated-id"])
        except redis.ResponseError:
            return NONE_YET

    def holds_up_to(self, last: EntryId) -> bool:
        """Whether an entry waits that is not after `last`."""
        return bool(client().xrange(self.key, "-", str(last), count=1))

    def _own(self) -> list[Entry]:
        found = self._taken("0") if self._has_own else []
        self._has_own = bool(found)
        return found

    def _left(self, idle_ms: int) -> list[Entry]:
        told = client().xautoclaim(self.key, GROUP, self._consumer, idle_ms, count=self._entries)
        return _entries(told[1])

    def _taken(self, after: str) -> list[Entry]:
        told = client().xreadgroup(GROUP, self._consumer, {self.key: after}, count=self._entries)
        return _entries(told[0][1]) if told else []


def _entries(told: list[Any]) -> list[Entry]:
    """Without fields: an entry that somebody else took out meanwhile."""
    return [Entry(EntryId.parse(name), fields) for name, fields in told if name is not None]
