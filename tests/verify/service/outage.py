"""A copy whose Redis goes away, and what its books say afterwards."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.running.nodes import Node
from tests.running.whole import Whole
from tests.verify.service.load import Seen
from verify.ground.ids import decode

PATIENCE_SECONDS = 60.0


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A server that neither answers nor hangs up, as behind a broken network."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def set_on_outage(whole: Whole, choice: str, stale_seconds: int) -> None:
    environment = whole.bootstrap["environment"]
    body = {"on_outage": choice, "stale_seconds": stale_seconds}

    def is_told() -> bool:
        """202: it will be, but nobody knows when."""
        answer = whole.api.patch(f"/v1/environments/{environment}", json=body)
        assert answer.status_code in (200, 202), answer.text
        return answer.status_code == 200

    until(is_told, "the data plane is not told")


def until(is_so: Callable[[], bool], what: str) -> None:
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < patience_ends, what
        time.sleep(0.02)


def until_ready(whole: Whole) -> None:
    until(lambda: whole.verifier.get("/readyz").status_code == 200, "the verify service does not get ready")


def until_replayed(folder: Path) -> None:
    until(lambda: not list(folder.glob("*.spool")), f"not replayed: {list(folder.iterdir())}")
    assert list(folder.iterdir()) == []  # nothing was put aside


def for_seconds(seconds: float, *bodies: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """These requests over and over, for so long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield from bodies


def degraded(seen: Seen) -> int:
    return sum(verdict.get("degraded", False) for verdict in seen.verdicts)


def admitted_of(seen: Seen) -> Counter[str]:
    """By license."""
    return Counter(verdict["license"]["id"] for verdict in seen.verdicts if verdict["valid"])


def assert_all_in_the_books(whole: Whole, seen: Seen) -> None:
    """Every admission that a client saw is there under its id, once."""
    with whole.administrator() as connection:
        decisions = connection.execute("SELECT id, count(*) FROM decisions WHERE outcome = 'VALID' GROUP BY 1")
        times = {row[0]: row[1] for row in decisions.fetchall()}
        ledger = connection.execute("SELECT id, count(*) FROM ledger GROUP BY 1").fetchall()
    ids = [decode("req", name) for name in seen.admitted]
    assert [name for name in ids if times.get(name) != 1] == []
    assert {count for _, count in ledger} <= {1}
    assert {name for name in ids if name} <= {row[0] for row in ledger}


def knows(node: Node, secret_key: str, *secrets: str) -> None:
    """The node remembers these keys from now on."""
    from tests.verify.service.load import Crowd  # noqa: PLC0415 - beside its only use

    bodies = [{"key": secret, "usage": {}} for secret in secrets]
    assert Crowd([node.url], secret_key, 1).ask(bodies).codes.keys() == {"VALID"}
