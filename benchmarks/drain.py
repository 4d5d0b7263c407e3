"""`python -m benchmarks.drain`: calls a second from log to tables, and the same rows by COPY into the same tables.

The drain reads the log, makes rows, keeps out what it has seen, sums up by hour and day, and acknowledges; COPY is
given ready text, all in one transaction, of another organization: the same rows, into the same tables and indexes.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating, median, ratio
from benchmarks.stage.copy_of_licet import copy_of_licet


def measure(*, calls: int = 50_000, keys: int = 1000, rounds: int = 3, home: str = "") -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, copy_of_licet(Path(name), home):
        from benchmarks.stage.usage import Log, Tables  # noqa: PLC0415 - they need Django set up

        log = Log(keys)
        tables = Tables(log.organization)

        def drained() -> float:
            log.write(calls)
            began = time.perf_counter()
            log.drain()
            return calls / (time.perf_counter() - began)

        def copied() -> float:
            texts = tables.written_since(log.first)
            began = time.perf_counter()
            tables.write(texts)
            return calls / (time.perf_counter() - began)

        drain, copy = alternating(rounds, drained, copied)
        refuse_unlike(tables.counts(), calls * rounds)
    return [
        Figure("drain: calls", median(drain), "/s"),
        Figure("COPY: calls", median(copy), "/s"),
        Figure("ratio of calls, drain : COPY", ratio(drain, copy), bar=Bar(at_least=0.5)),
    ]


def refuse_unlike(counts: dict[str, Any], calls: int) -> None:
    """Raises RuntimeError unless every call is in each table once."""
    if set(counts.values()) != {calls}:
        message = f"{calls} calls were logged, the tables have {counts}."
        raise RuntimeError(message)


if __name__ == "__main__":
    run(measure, __doc__)
