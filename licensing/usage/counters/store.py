"""Counters as Redis has them: found by their names, and by which clock they are dated."""

from collections.abc import Iterator

from licensing.usage.stream import client

BATCH = 1000


def names_like(pattern: str) -> Iterator[list[bytes]]:
    """A name may come twice; one that comes up meanwhile may not come at all."""
    cursor = 0
    while True:
        cursor, found = client().scan(cursor, match=pattern, count=BATCH)
        if found:
            yield found
        if cursor == 0:
            return


def redis_now() -> int:
    """Microseconds, by the clock that all of a log's entries are dated by."""
    seconds, microseconds = client().time()
    return int(seconds * 1_000_000 + microseconds)
