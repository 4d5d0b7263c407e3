"""A revocation, suspension or publication is seen by every verify process within a second, whatever else happens."""

import contextlib
import itertools
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from tests.places import Place
from tests.running.clients import plain_client
from tests.running.nodes import Node, control_plane, verify_nodes
from tests.running.prove import Figure
from tests.running.proxy import Proxy, proxied

NODES, TRIALS, LEAST_TRIALS = 4, 200, 20
MANY_NODES, MANY_TRIALS = 8, 1000
CUT_KEYS = 500  # revoked while a node hears nothing
STALE_SECONDS = 3.0  # after the cut, at most
WITHIN_SECONDS = 1.0
OPEN_SECONDS = 60.0  # how long the write transaction stays open at full size

Change = tuple[Callable[[], None], str, str]


class Missed(AssertionError):
    """A node still gave the old answer after a second."""


class Trial:
    """Changes one thing after another and watches all nodes change their answer."""

    def __init__(self, place: Place, nodes: list[Node], api: httpx.Client | None = None) -> None:
        self.place, self.api = place, api or place.api
        headers = place.verifier.headers
        self.clients = [plain_client(node.url, headers=headers, timeout=10) for node in nodes]
        self.seconds: list[float] = []
        self._changes = itertools.cycle((self._revocation, self._suspension, self._publication))
        self._suspended = self._narrowed = False
        self._rest = place.post("licenses", {"customer": place.sample["customer"], "plan": place.sample["plan"]})["id"]
        self._resting_key = place.post("keys", {"license": self._rest})["secret"]

    def run(self, in_between: Callable[[], None] = lambda: None) -> None:
        """One change: warm every node, do `in_between`, change, and wait until the last node has seen it."""
        change, key, code = next(self._changes)()
        before = [self._code(client, key) for client in self.clients]
        assert code not in before
        in_between()
        change()
        began = time.monotonic()
        for client in self.clients:
            while self._code(client, key) != code:
                if time.monotonic() - began > WITHIN_SECONDS:
                    raise Missed(f"trial {len(self.seconds) + 1}: no {code} within a second")
        self.seconds.append(time.monotonic() - began)

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def _code(self, client: httpx.Client, key: str) -> str:
        answer = client.post("/v1/verify", json={"key": key, "scopes": ["reports:write"]})
        if answer.status_code != 200:
            return f"HTTP {answer.status_code}"
        code: str = answer.json()["code"]
        return code

    def _send(self, method: str, path: str, body: dict[str, str | list[str]] | None = None) -> None:
        with contextlib.suppress(httpx.TransportError):  # killed right after COMMIT; what it committed still counts
            assert self.api.request(method, f"/v1/{path}", json=body).is_success

    def _revocation(self) -> Change:
        made = self.place.post("keys", {"license": self._rest})
        if self._suspended or self._narrowed:
            made = self.place.post("keys", {"license": self.place.sample["license"]})
        return lambda: self._send("POST", f"keys/{made['id']}/revocation", {}), made["secret"], "KEY_REVOKED"

    def _suspension(self) -> Change:
        self._suspended = not self._suspended
        method, code = ("POST", "LICENSE_SUSPENDED") if self._suspended else ("DELETE", self._code_when_active())
        path = f"licenses/{self._rest}/suspension"
        return lambda: self._send(method, path, {} if method == "POST" else None), self._resting_key, code

    def _code_when_active(self) -> str:
        return "SCOPE_MISSING" if self._narrowed else "VALID"

    def _publication(self) -> Change:
        plan = self.place.sample["plan"]
        self._narrowed = not self._narrowed
        scopes = ["reports:read"] if self._narrowed else ["reports:read", "reports:write"]
        self.place.api.patch(f"/v1/plans/{plan}", json={"scopes": scopes}).raise_for_status()
        key = self.place.sample["key_secret"]
        return (
            lambda: self._send("POST", f"plans/{plan}/publication", {"apply_to": "all"}),
            key,
            self._code_when_active(),
        )


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    with verify_nodes(NODES, tmp_path_factory.mktemp("nodes")) as started:
        yield started


@contextmanager
def trials(place: Place, nodes: list[Node], api: httpx.Client | None = None) -> Iterator[Trial]:
    trial = Trial(place, nodes, api)
    try:
        yield trial
    finally:
        trial.close()


def cut_one_link() -> None:
    """Ends the tracked connection of one verify process, as a network would."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as administrator:
        links = [client for client in administrator.client_list() if "t" in client["flags"]]
        assert links
        administrator.client_kill_filter(_id=random.choice(links)["id"])


def scaled(scale: float) -> int:
    return max(LEAST_TRIALS, round(TRIALS * scale))


def keep(figure: Figure, trial: Trial) -> None:
    figure("trials, none missed", len(trial.seconds), "")
    figure(f"median until the last of {len(trial.clients)} nodes", statistics.median(trial.seconds) * 1000, "ms")
    figure("99 of 100 within", statistics.quantiles(trial.seconds, n=100)[98] * 1000, "ms")
    figure("slowest", max(trial.seconds) * 1000, "ms")


@pytest.mark.prove
def test_every_change_is_seen_by_every_node(place: Place, nodes: list[Node], figure: Figure) -> None:
    with trials(place, nodes) as trial:
        for _ in range(TRIALS):
            trial.run()
        keep(figure, trial)


@pytest.mark.prove
def test_every_change_is_seen_by_eight_nodes(place: Place, tmp_path: Path, figure: Figure, scale: float) -> None:
    with verify_nodes(MANY_NODES, tmp_path) as several, trials(place, several) as trial:
        for _ in range(max(6, round(MANY_TRIALS * scale))):
            trial.run()
        keep(figure, trial)


def kill_links(_: Proxy) -> None:
    """As an administrator of Redis would: the tracked connections of all there are."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as administrator:
        for client in administrator.client_list():
            if "t" in client["flags"]:
                administrator.client_kill_filter(_id=client["id"])


CUTS: dict[str, Callable[[Proxy], None]] = {"reset": Proxy.reset, "half open": Proxy.silence, "killed": kill_links}


@pytest.mark.prove
@pytest.mark.parametrize("cut", CUTS)
def test_a_node_that_is_cut_off_while_keys_are_revoked_soon_admits_none_of_them(
    place: Place, tmp_path: Path, figure: Figure, scale: float, cut: str
) -> None:
    license = place.sample["license"]
    keys = [place.post("keys", {"license": license}) for _ in range(max(10, round(CUT_KEYS * scale)))]
    with (
        proxied(os.environ["REDIS_URL"]) as proxy,
        verify_nodes(1, tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}"}) as (node,),
        plain_client(node.url, headers=place.verifier.headers, timeout=10) as client,
    ):

        def admits(key: dict[str, str]) -> bool:
            answer = client.post("/v1/verify", json={"key": key["secret"]})
            return answer.status_code == 200 and bool(answer.json()["valid"])

        assert all(admits(key) for key in keys)
        CUTS[cut](proxy)
        began, stale = time.monotonic(), 0.0
        for number, key in enumerate(keys):
            place.post(f"keys/{key['id']}/revocation", status=200)
            if any(admits(revoked) for revoked in keys[max(0, number - 3) : number + 1]):
                stale = time.monotonic() - began
        while time.monotonic() - began < STALE_SECONDS:
            if any(admits(key) for key in keys):
                stale = time.monotonic() - began
        assert not any(admits(key) for key in keys)
        figure("keys revoked", len(keys), "")
        figure("last stale admission after the cut", stale, "s")
        place.verify_until("VALID")
        node.wait_until_ready()
        assert client.post("/v1/verify", json={"key": keys[0]["secret"]}).json()["code"] == "KEY_REVOKED"


@pytest.mark.prove
def test_no_change_is_missed_when_a_connection_is_cut_in_between(
    place: Place, nodes: list[Node], figure: Figure, scale: float
) -> None:
    with trials(place, nodes) as trial:
        for _ in range(scaled(scale)):
            trial.run(in_between=cut_one_link)
        keep(figure, trial)


@pytest.mark.prove
def test_an_open_write_transaction_delays_nothing(
    place: Place, nodes: list[Node], figure: Figure, scale: float
) -> None:
    with psycopg.connect(os.environ["DATABASE_SWEEP_URL"]) as connection, trials(place, nodes) as trial:
        connection.execute(
            "INSERT INTO outbox_entries (id, organization_id, kind, subject_id, revision, created_at) "
            "VALUES (gen_random_uuid(), gen_random_uuid(), 'none', gen_random_uuid(), 0, now())"
        )
        opened = time.monotonic()
        while len(trial.seconds) < scaled(scale) or time.monotonic() - opened < OPEN_SECONDS * scale:
            trial.run()
        figure("transaction open for", time.monotonic() - opened, "s")
        connection.rollback()
        keep(figure, trial)


@pytest.mark.prove
def test_the_relay_alone_tells_what_a_killed_web_process_committed(
    place: Place, nodes: list[Node], figure: Figure, scale: float, tmp_path: Path
) -> None:
    """The process that answers the change is killed right after COMMIT, every time."""
    with trials(place, nodes) as trial:
        for _ in range(max(6, round(TRIALS * scale))):
            with (
                control_plane(tmp_path, {"LICET_FAILPOINTS": "outbox.after_commit=kill"}) as doomed,
                httpx.Client(base_url=doomed.url, headers=place.api.headers, timeout=20) as api,
            ):
                trial.api = api
                trial.run()
                assert doomed.process.wait(timeout=10) == -signal.SIGKILL
        keep(figure, trial)


def test_the_trials_go_red_when_tracking_is_off(place: Place, tmp_path: Path) -> None:
    with (
        verify_nodes(1, tmp_path, {"LICET_FAILPOINTS": "verify.tracking=off"}) as deaf,
        trials(place, deaf) as trial,
        pytest.raises(Missed),
    ):
        trial.run()


def test_a_process_that_was_stopped_for_a_while_never_gives_an_old_answer(place: Place, tmp_path: Path) -> None:
    """What it held became suspect while it could not hear."""
    with (
        verify_nodes(1, tmp_path) as (node,),
        httpx.Client(base_url=node.url, headers=place.verifier.headers) as client,
    ):
        for _ in range(5):
            made = place.post("keys", {"license": place.sample["license"]})
            body = {"key": made["secret"]}
            assert client.post("/v1/verify", json=body).json()["code"] == "VALID"
            node.process.send_signal(signal.SIGSTOP)
            place.post(f"keys/{made['id']}/revocation", status=200)
            time.sleep(1.0)
            waking = threading.Timer(0.05, node.process.send_signal, [signal.SIGCONT])
            waking.start()
            assert client.post("/v1/verify", json=body, timeout=10).json()["code"] == "KEY_REVOKED"
            waking.join()


def test_a_warm_key_costs_no_reads_of_facts(place: Place, tmp_path: Path) -> None:
    with (
        verify_nodes(1, tmp_path) as (node,),
        httpx.Client(base_url=node.url, headers=place.verifier.headers) as client,
    ):
        body = {"key": place.sample["key_secret"]}
        assert client.post("/v1/verify", json=body).json()["code"] == "VALID"
        before = node.counter("licet_verify_fact_reads_total")
        assert before > 0
        for _ in range(1000):
            assert client.post("/v1/verify", json=body).json()["code"] == "VALID"
        assert node.counter("licet_verify_fact_reads_total") == before
