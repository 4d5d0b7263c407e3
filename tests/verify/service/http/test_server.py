"""A server that is asked to stop owes an answer to whoever it has heard."""

import asyncio
import json
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from tests.places import Place
from tests.running.nodes import Node, running
from tests.verify.service.http.listening import Line, listening
from tests.verify.service.http.test_connection import GET, post, until
from verify.service.http.server import Limits

CLIENTS = 8
RESTARTS = 20  # at full size


def test_what_was_asked_is_answered_before_the_end() -> None:
    with listening() as running:
        asked, begun, idle = running.line(), running.line(), running.line()
        assert idle.ask(GET).status == 200
        asked.send(post("/wait", b"asked"))
        until(lambda: running.app.waiting)
        begun.send(b"GET /late HT")
        until(lambda: len(running.server._connections) == 3)  # type: ignore[attr-defined]  # a Server
        stopping = threading.Thread(target=running.stop)
        stopping.start()
        assert idle.is_closed()
        begun.send(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert begun.answer().headers["connection"] == "close"
        running.app.let_go()
        answer = asked.answer()
        assert (answer.json["body"], answer.headers["connection"]) == ("asked", "close")
        stopping.join(5)
        assert not stopping.is_alive()
        with pytest.raises(ConnectionRefusedError):
            Line(running.port)


def test_whoever_asks_at_the_last_moment_is_told_to_go_elsewhere() -> None:
    with listening(limits=Limits(last_request_seconds=3)) as running:
        line = running.line()
        assert "connection" not in line.ask(GET).headers
        stopping = threading.Thread(target=running.stop)
        stopping.start()
        until(lambda: running.server.is_draining)  # type: ignore[attr-defined]  # a Server
        assert line.ask(GET).headers["connection"] == "close"
        assert line.is_closed()
        stopping.join(2)  # nobody is left, so nobody is waited for
        assert not stopping.is_alive()


def test_an_answer_that_never_comes_does_not_hold_it_forever() -> None:
    with listening(limits=Limits(last_request_seconds=0.01, leave_seconds=0.1)) as running:
        line = running.line()
        line.send(post("/wait", b"x"))
        until(lambda: running.app.waiting)
        running.stop()
        assert line.is_closed()


class Workers:
    """Verify processes that listen on one socket, as the supervisor starts them."""

    def __init__(self, folder: Path, server: str) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self.listening.getsockname()[1]
        self._folder, self._server, self._started = folder, server, ExitStack()
        self.nodes: list[Node] = []

    def __enter__(self) -> Self:
        for _ in range(2):
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()
        self.listening.close()

    def start(self) -> None:
        fd = self.listening.fileno()
        words = ["-m", "verify.service", "--fd", str(fd), "--server", self._server]
        url, log = f"http://127.0.0.1:{self.port}", self._folder / "worker.log"
        self.nodes.append(self._started.enter_context(running(words, url, log, {}, fds=(fd,))))

    def restart_one(self) -> None:
        """Its successor starts when it has gone, as under the supervisor."""
        leaving = self.nodes.pop(0)
        leaving.process.send_signal(signal.SIGTERM)
        assert leaving.process.wait(timeout=10) in {0, -signal.SIGTERM}  # uvicorn hands its signal on
        self.start()


@pytest.mark.prove
@pytest.mark.parametrize("server", ["licet", "uvicorn"])
def test_a_worker_that_restarts_loses_no_call(place: Place, tmp_path: Path, scale: float, server: str) -> None:
    """A call is lost if it got no whole answer, or no verdict. One is not lost but crossed if it was sent on a kept
    connection that the server had closed, and met its end without a byte of an answer: HTTP lets the server close an
    idle connection (RFC 9112 §9.5), and the client asks again on a new one. On a new connection that is no excuse.
    A crossed call must not have been counted: what the quota says at the end is what was answered, no more.
    """
    plan = place.post("plans", _counted_plan(place))["id"]
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    license_ = place.post("licenses", {"customer": place.sample["customer"], "plan": plan})["id"]
    key = place.post("keys", {"license": license_})["secret"]
    place.verify_until("VALID", key=key)
    with Workers(tmp_path, server) as workers, ThreadPoolExecutor(1) as apart:
        workers.nodes[0].wait_until_ready()
        caller = Caller(workers.port, place.document["secret_key"], key)
        asking = apart.submit(lambda: asyncio.run(caller.ask_until_over()))
        for _ in range(max(2, round(RESTARTS * scale))):
            answered = caller.seen["VALID"]
            until(lambda answered=answered: caller.seen["VALID"] > answered + 200 or asking.done())
            workers.restart_one()
        caller.over = True
        asking.result(30)
    crossed = caller.seen.pop("crossed", 0)
    assert set(caller.seen) == {"VALID"}, caller.seen
    used = place.verify(key=key, usage={})["quotas"][0]["used"]
    assert used == caller.seen["VALID"] + 1, f"{crossed} crossed"


def _counted_plan(place: Place) -> dict[str, object]:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    quota = {"meter": "requests", "limit": 10**9, "period": "lifetime"}
    return {"product": product, "code": "counted", "name": "Counted", "quotas": [quota]}


class Caller:
    """Clients with kept connections, who ask as fast as they are answered."""

    def __init__(self, port: int, secret: str, key: str) -> None:
        body = json.dumps({"key": key})
        self._raw = post("/v1/verify", body.encode(), f"Authorization: Bearer {secret}")
        self._port, self.seen, self.over = port, Counter[str](), False

    async def ask_until_over(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))

    async def _client(self) -> None:
        while not self.over:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            calls = 0
            while not self.over and await self._call(reader, writer, is_first=calls == 0):
                calls += 1
            writer.transport.abort()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_first: bool) -> bool:
        """Whether the connection goes on."""
        try:
            writer.write(self._raw)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        except asyncio.IncompleteReadError as error:
            self.seen["lost" if is_first or error.partial else "crossed"] += 1
            return False
        except ConnectionResetError:
            self.seen["lost" if is_first else "crossed"] += 1
            return False
        fields = head.decode().lower().split("\r\n")
        length = next(int(line[16:]) for line in fields if line.startswith("content-length: "))
        body = await asyncio.wait_for(reader.readexactly(length), 10)
        self.seen[json.loads(body)["code"] if fields[0].startswith("http/1.1 200 ") else fields[0]] += 1
        return "connection: close" not in fields


def test_workers_share_one_socket(place: Place, tmp_path: Path) -> None:
    """Any of them answers; all but one may be gone."""
    with Workers(tmp_path, "licet") as workers:
        workers.nodes[0].wait_until_ready()
        first, second = workers.nodes
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(timeout=10)
        second.wait_until_ready()
        second.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert second.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 5
