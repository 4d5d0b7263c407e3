"""One connection: requests come in one after the other, and each is answered before the next is read."""

import asyncio
import time
from typing import TYPE_CHECKING, cast

import msgspec

from verify.ground import ids
from verify.service.http.chunks import Chunks
from verify.service.http.exchange import Exchange, Refused, Response
from verify.service.http.head import CHUNKED, END, UNREAD, Head, refuse_beginning
from verify.service.http.writing import CONTINUE

if TYPE_CHECKING:
    from verify.service.http.server import Server

MOST_UNREAD_BYTES = 65_536  # of what was sent ahead of an answer; then nothing more is read


class ConnectionExchange(Exchange, eq=False):
    head: Head
    connection: "Connection"

    def write(self, response: Response) -> None:
        self.connection.send(self, response)


class Connection(asyncio.Protocol):
    """The server's other half of a socket.

    It is between requests (`_between`: no byte of the next one has come), or reads one, or waits for the answer
    (`_asked`), or is choked (the peer does not read its answers), or leaving. No clock is asked and no timer set for a
    request: the server looks at `_deadline` now and then, and calls `expire`.
    """

    __slots__ = (
        *("client", "_server", "_transport", "_unread", "_scanned", "_head", "_chunks", "_asked", "_deadline"),
        *("_between", "_choked", "_deaf", "_hung_up", "_leaving", "_lingers", "_reading"),
    )

    def __init__(self, server: "Server") -> None:
        self._server, self.client = server, ""
        self._unread, self._scanned = bytearray(), 0  # `_scanned` bytes are no whole head
        self._head: Head | None = None
        self._chunks: Chunks | None = None
        self._asked: ConnectionExchange | None = None
        self._between = True
        self._choked = self._deaf = self._hung_up = self._leaving = self._lingers = self._reading = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # what every loop gives to a Protocol
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if isinstance(peer, tuple) else ""
        self._wait(self._server.limits.head_seconds)
        if not self._server.open(self):
            self._say(Refused("unavailable", "too_many_connections", "Use fewer connections, or try again."))

    def data_received(self, data: bytes) -> None:
        """Most requests come alone and whole: they take this way, and no other."""
        if self._between:
            end = data.find(END) + len(END)
            heads = self._server.heads
            head = heads.get(data[:end]) or heads.try_reading(data[:end])
            if head is not None and len(data) == end + head.length:
                self._between = False
                self._ask(head, data[end:])
                return
        self._take(data)

    def eof_received(self) -> bool:
        """Whoever sends nothing more may still wait for an answer."""
        self._hung_up = True
        return self._asked is not None or self._choked

    def pause_writing(self) -> None:
        self._choked, self._between = True, False
        self._wait(self._server.limits.unread_seconds)

    def resume_writing(self) -> None:
        self._choked = False
        self._wait(self._server.limits.idle_seconds)
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - whyever, nobody is there
        self._asked, self._between, self._leaving = None, False, True
        self._unread.clear()
        self._server.close(self)

    def send(self, exchange: ConnectionExchange, response: Response) -> None:
        """Raises ValueError of an answer that cannot be sent. One that nobody waits for any more is dropped."""
        if self._asked is not exchange:
            return
        server, head = self._server, exchange.head
        last = not head.keep_alive or server.is_draining
        written = server.writer.write(response, exchange.request_id, head, last=last)
        self._asked = None
        self._transport.write(written)
        if last:
            self._leave()
        elif self._unread or self._choked or self._hung_up:
            self._turn_to_the_next()
        else:
            self._between = True

    def expire(self, now: float) -> None:
        """Ends what has waited for the peer too long at `now`."""
        if now < self._deadline:
            return
        if self._leaving or self._choked:
            self._transport.abort()
        elif self._asked is not None:  # it is we who are slow
            self._wait(self._server.limits.idle_seconds)
        elif self._between:
            self._leave()
        else:
            self._refuse(Refused("timeout", "request_timeout", "The request did not come whole in time."))

    def leave_if_idle(self) -> None:
        if self._between:
            self._leave()

    def abort(self) -> None:
        self._transport.abort()

    def _wait(self, seconds: float) -> None:
        self._deadline = time.perf_counter() + seconds

    def _ask(self, head: Head, body: bytes) -> None:
        now = time.perf_counter()
        self._deadline = now + self._server.limits.idle_seconds
        self._asked = exchange = self._exchange(head, body, now)
        self._server.answer(exchange)

    def _exchange(self, head: Head, body: bytes, now: float) -> ConnectionExchange:
        name, spelled = ids.new_spelled("req")
        return ConnectionExchange(
            head.method,
            head.path,
            head.query,
            head.headers,
            body,
            self.client,
            now,
            name,
            spelled,
            head.twice,
            head,
            self,
        )

    def _turn_to_the_next(self) -> None:
        if self._unread and not self._choked:
            self._wait(self._server.limits.head_seconds)
        if not self._reading:
            self._go_on()

    def _take(self, data: bytes) -> None:
        if self._leaving:
            return
        if self._between:
            self._between = False
            self._wait(self._server.limits.head_seconds)
        self._unread += data
        if self._asked is None and not self._choked:
            self._go_on()
        elif len(self._unread) > MOST_UNREAD_BYTES and not self._deaf:
            self._deaf = True
            self._transport.pause_reading()

    def _go_on(self) -> None:
        """Reads what has come, until something is to be waited for."""
        self._reading = True
        try:
            while self._unread and self._asked is None and not self._choked and not self._leaving and self._read():
                pass
        except Refused as refused:
            self._refuse(refused)
        self._reading = False
        if self._asked is not None or self._choked or self._leaving:
            return
        self._between = not self._unread and self._head is None
        if self._hung_up:
            self._leave()
        elif self._deaf:
            self._deaf = False
            self._transport.resume_reading()

    def _read(self) -> bool:
        """Takes one request out of what has come; False if more must come first. Raises Refused."""
        head = self._head or self._read_head()
        if head is None:
            return False
        self._head = head
        if head.refused is not None:
            raise head.refused
        body = self._read_body(head)
        if body is None:
            return False
        self._head = self._chunks = None
        self._ask(head, body)
        return True

    def _read_head(self) -> Head | None:
        unread, scanned = self._unread, self._scanned
        while unread.startswith(b"\r\n"):  # some send one after a body (RFC 9112 §2.2)
            del unread[:2]
            scanned = 0
        end = unread.find(END, max(0, scanned - len(END))) + len(END)
        if end < len(END):
            refuse_beginning(unread, scanned)
            self._scanned = len(unread)
            return None
        head = self._server.heads.read(bytes(unread[:end]))
        del unread[:end]
        self._scanned = 0
        self._wait(self._server.limits.body_seconds)
        if head.expects_continue and head.length and head.refused is None and not unread:
            self._transport.write(CONTINUE)
        return head

    def _read_body(self, head: Head) -> bytes | None:
        unread = self._unread
        if head.length == CHUNKED:
            self._chunks = self._chunks or Chunks()
            return bytes(self._chunks.body) if self._chunks.take(unread) else None
        if len(unread) < head.length:
            return None
        body = bytes(unread[: head.length])
        del unread[: head.length]
        return body

    def _refuse(self, refused: Refused) -> None:
        """It ends the connection: nobody knows where the next request would begin. What still comes is read, and
        forgotten, for a moment: a peer with bytes of its own unread on our side might lose the answer.
        """
        self._lingers = True
        self._say(refused)

    def _say(self, refused: Refused) -> None:
        head = msgspec.structs.replace(self._head or UNREAD, keep_alive=False)
        self._between = False
        self._unread.clear()
        self._asked = exchange = self._exchange(head, b"", time.perf_counter())
        exchange.refuse(refused)

    def _leave(self) -> None:
        self._between, self._leaving = False, True
        self._wait(self._server.limits.linger_seconds)
        if not self._lingers or self._hung_up:
            self._transport.close()
            return
        self._transport.write_eof()
        if self._deaf:
            self._transport.resume_reading()
