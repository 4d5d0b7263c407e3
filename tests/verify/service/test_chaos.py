"""Mixed load while the networks before Redis and PostgreSQL are slow and cut: the books balance afterwards."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.running.nodes import Node, running, verify_nodes
from tests.running.prove import Figure
from tests.running.proxy import Proxy, proxied
from tests.running.whole import Whole
from tests.verify.service.accounting.test_accountant import booked, bought
from tests.verify.service.load import Crowd
from tests.verify.service.test_verifying import quota
from verify.ground.ids import decode

FULL_SECONDS = 120.0
MOST_GROWTH = 1.25  # of the memory after the warm-up


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("chaos") / "home") as started:
        yield started


def socket_of(whole: Whole) -> str:
    host = psycopg.conninfo.conninfo_to_dict(whole.settings["DATABASE_SWEEP_URL"])["host"]
    return f"unix://{quote(str(host))}/.s.PGSQL.5432"


def over(proxy: Proxy, url: str) -> str:
    """The same database over the proxy."""
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@127.0.0.1:{proxy.port}{parts.path}"


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def draining(whole: Whole, database: Proxy, store: Proxy, folder: Path) -> Iterator[Node]:
    """A drain over slow networks, instead of the copy's own."""
    urls = {name: over(database, whole.settings[name]) for name in ("DATABASE_URL", "DATABASE_SWEEP_URL")}
    environment = (
        whole.settings | urls | {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "LICET_HOME": str(whole.home)}
    )
    with (
        frozen(whole.pid_of("manage.py drain")),
        running(["manage.py", "drain"], "", folder / "drain.log", environment) as node,
    ):
        yield node


def resident_kilobytes(node: Node) -> int:
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


@pytest.mark.prove
def test_after_minutes_of_trouble_the_books_balance(whole: Whole, tmp_path: Path, scale: float, figure: Figure) -> None:
    sold = [bought(whole, quotas=[quota(400 * (n + 1))], rate_limits=[rate(200 * (n + 1))]) for n in range(6)]
    of_key = {one["secret"]: one["license"] for one in sold}
    seconds, seen_of = max(6.0, FULL_SECONDS * scale), {one["license"]: Counter[str]() for one in sold}
    with (
        proxied(whole.settings["REDIS_URL"], 1) as store,
        proxied(socket_of(whole), 2) as database,
        verify_nodes(2, tmp_path, whole.settings | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}) as nodes,
        draining(whole, database, store, tmp_path) as drain,
    ):
        for proxy in (store, database):
            proxy.slowest_seconds, proxy.cut = 0.01, 0.02
        ends, warm, admitted = time.monotonic() + seconds, 0, set[str]()
        crowd = Crowd([node.url for node in nodes], whole.bootstrap["secret_key"], 24)
        while time.monotonic() < ends:
            for secret, license in of_key.items():
                seen = crowd.ask(mixed(secret))
                seen_of[license] += seen.codes
                admitted |= seen.admitted
            warm = warm or resident_kilobytes(nodes[0])
        for proxy in (store, database):
            proxy.slowest_seconds, proxy.cut = 0.0, 0.0
        grown = resident_kilobytes(nodes[0]) / warm
        books = {license: booked(whole, license) for license in seen_of}
        for node in (*nodes, drain):
            assert "Traceback" not in node.log.read_text(), node.log.read_text()[-4000:]
    figure("answers", sum(seen.total() for seen in seen_of.values()), "")
    figure("connections cut", store.cuts + database.cuts, "")
    figure("memory of a node, after to before", grown, "")
    with whole.administrator() as connection:
        rows = connection.execute("SELECT id FROM decisions WHERE outcome = 'VALID'").fetchall()
    assert {decode("req", request_id) for request_id in admitted} <= {row[0] for row in rows}
    for number, one in enumerate(sold):
        assert used(whole, one["secret"]) == books[one["license"]] <= 400 * (number + 1)
    assert grown < MOST_GROWTH
    whole.manage("audit_counters")


def rate(limit: int) -> dict[str, Any]:
    return {"name": "steady", "limit": limit, "period_seconds": 1}


def mixed(secret: str) -> list[dict[str, Any]]:
    """Admissions, denials, what is only shown, and strangers."""
    plain: dict[str, Any] = {"key": secret}
    others = [plain | {"scopes": ["nope"]}, plain | {"usage": {}}, {"key": "nobody's"}]
    return [plain] * 17 + others


def used(whole: Whole, secret: str) -> int:
    answer = whole.verifier.post("/v1/verify", json={"key": secret, "usage": {}}).json()
    amount: int = answer["quotas"][0]["used"]
    return amount


@pytest.mark.prove
def test_without_the_database_not_one_verdict_differs(whole: Whole, scale: float, figure: Figure) -> None:
    one = bought(whole, quotas=[quota(10**9)])
    asked = [{"key": one["secret"]}, {"key": one["secret"], "scopes": ["nope"]}, {"key": "nobody's"}]
    seconds, wanted = max(5.0, 60 * scale), ["VALID", "SCOPE_MISSING", "NOT_FOUND"]
    given = Counter[str]()
    with frozen(whole.pid_of("bin/postgres -D")):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            codes = [whole.verifier.post("/v1/verify", json=body).json()["code"] for body in asked]
            assert codes == wanted
            given.update(codes)
    assert booked(whole, one["license"]) == given["VALID"]
    figure("verdicts without a database", given.total(), f"in {seconds:.0f} s")
