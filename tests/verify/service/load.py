"""Many clients at once against several verify nodes, and what each of them saw."""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TRIES_SECONDS = 60.0
ANSWER_SECONDS = 10.0


@dataclass
class Seen:
    """`codes` counts answers: a verdict's code, `HTTP 503`, or `lost` where no answer came.

    `over`: nobody asks any more.
    """

    codes: Counter[str] = field(default_factory=Counter)
    admitted: set[str] = field(default_factory=set)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False

    def note(self, verdict: dict[str, Any]) -> None:
        self.codes[verdict["code"]] += 1
        self.verdicts.append(verdict)
        if verdict["valid"]:
            self.admitted.add(verdict["request_id"])


class Line:
    """One kept connection to one node. httpx would take more time for a call than the service does."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._place, self._secret = (parts.hostname, parts.port), secret
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, once: str = "") -> tuple[int, bytes]:
        """Status and body. Raises OSError, IncompleteReadError or TimeoutError; the next call connects anew."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(*self._place)
                reader, writer = self._streams
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._secret}\r\n"
                head += f"Content-Length: {len(body)}\r\n" + (f"Idempotency-Key: {once}\r\n" if once else "") + "\r\n"
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                return int(answer.split(b" ", 2)[1]), await reader.readexactly(length)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None


@dataclass
class Crowd:
    """`clients` at once; each call goes to any of `urls`. With `until_answered` a call has an Idempotency-Key and is
    repeated until there is a verdict.
    """

    urls: Sequence[str]
    secret: str
    clients: int = 64
    until_answered: bool = False
    seed: int = 0

    def ask(self, bodies: Iterable[dict[str, Any]], meanwhile: Callable[[Seen], None] | None = None) -> Seen:
        """Each body once. `meanwhile` runs in a thread beside, and ends when all is over."""
        with ThreadPoolExecutor(1) as apart:  # a browser of other tests may keep an event loop in this thread
            return apart.submit(lambda: asyncio.run(self._ask(iter(bodies), meanwhile))).result()

    async def _ask(self, bodies: Iterator[dict[str, Any]], meanwhile: Callable[[Seen], None] | None) -> Seen:
        seen, dice = Seen(), random.Random(self.seed)
        beside = asyncio.create_task(asyncio.to_thread(meanwhile, seen)) if meanwhile else None

        async def client() -> None:
            lines = [Line(url, self.secret) for url in self.urls]
            for body in bodies:
                await self._one(lines, json.dumps(body).encode(), seen, dice)
            for line in lines:
                line.close()

        try:
            await asyncio.gather(*(client() for _ in range(self.clients)))
        finally:
            seen.over = True
        if beside:
            await beside
        return seen

    async def _one(self, lines: Sequence[Line], body: bytes, seen: Seen, dice: random.Random) -> None:
        once = str(uuid.uuid4()) if self.until_answered else ""
        patience_ends = time.monotonic() + TRIES_SECONDS
        while True:
            try:
                status, answer = await dice.choice(lines).post("/v1/verify", body, once)
            except (OSError, asyncio.IncompleteReadError):  # a TimeoutError is an OSError
                seen.codes["lost"] += 1
            else:
                if status == 200:
                    seen.note(json.loads(answer))
                    return
                seen.codes[f"HTTP {status}"] += 1
            if not self.until_answered:
                return
            assert time.monotonic() < patience_ends, seen.codes
            await asyncio.sleep(0.05)
