"""A proxy before a server that is slow and cuts connections, as networks do."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from tests.running.stack import free_port

CHUNK = 65_536


class Proxy:
    """Listens on `port` and hands on to `target` (`unix://…` or `redis://host:port`). Each chunk waits up to
    `slowest_seconds`, and with `cut` probability its connection is reset instead; `closed` refuses all. `silence`
    leaves the connections of now open and hands on nothing more, as when the other side lost its power.
    """

    def __init__(self, target: str, seed: int = 0) -> None:
        self.port, self._target, self._dice = free_port(), urlsplit(target), random.Random(seed)
        self.slowest_seconds, self.cut, self.closed, self.cuts = 0.0, 0.0, False, 0
        self._open: set[asyncio.StreamWriter] = set()
        self._silent: set[asyncio.StreamWriter] = set()

    def silence(self) -> None:
        self._silent |= self._open

    def reset(self) -> None:
        """Ends the connections of now, without a farewell."""
        asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result(10)

    async def _reset(self) -> None:
        for writer in list(self._open):
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def serve(self, stop: asyncio.Event) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        async with server:
            await stop.wait()
            self._ended.set()
            for writer in list(self._open):
                writer.transport.abort()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        try:
            there, back = await self._connected()
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        both = (self._pump(reader, back), self._pump(there, writer))
        await asyncio.wait([asyncio.create_task(one) for one in both], return_when=asyncio.FIRST_COMPLETED)
        for one in (writer, back):
            one.transport.abort()
            self._open.discard(one)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._target.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(self._target.path))
        return await asyncio.open_connection(self._target.hostname, self._target.port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if writer in self._silent:
                    await self._ended.wait()
                    return
                if self.slowest_seconds:
                    await asyncio.sleep(self._dice.random() * self.slowest_seconds)
                if self.closed or self._dice.random() < self.cut:
                    self.cuts += 1
                    return
                writer.write(chunk)
                await writer.drain()


@contextmanager
def proxied(target: str, seed: int = 0) -> Iterator[Proxy]:
    """In a thread of its own."""
    proxy, loop, listening = Proxy(target, seed), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        serving = asyncio.create_task(proxy.serve(stop))
        await asyncio.sleep(0)
        listening.set()
        await serving
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    listening.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
