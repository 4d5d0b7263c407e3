"""The HTTP server: a thread per connection, which may hang or be reset without disturbing the others."""

from __future__ import annotations

import socket
import struct
import sys
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from tests.stripe_simulator.api import control
from tests.stripe_simulator.api.answering import answer
from tests.stripe_simulator.api.messages import Answer, HangUp, Request

if TYPE_CHECKING:
    from tests.stripe_simulator.simulator import Simulator

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: closing sends RST


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves as one packet
    disable_nagle_algorithm = True
    server: Server

    def respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        try:
            if self.path.startswith("/_sim/"):
                done = control.answer(self.server.simulator, request)
            else:
                done = answer(self.server.simulator, request)
        except HangUp:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close_connection = True
            return
        self._send(done)

    do_GET = do_POST = do_DELETE = respond  # noqa: N815 - http.server's names

    def _send(self, done: Answer) -> None:
        self.send_response(done.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(done.body))} | done.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(done.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Tests have no use for an access log."""


class Server(ThreadingHTTPServer):
    """Listens on loopback in threads of its own, and takes its connections with it when it stops."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        self.simulator = simulator
        self._connections: set[socket.socket] = set()
        self._connections_lock = Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self._thread = Thread(target=self.serve_forever, args=(0.005,), name="stripe-simulator", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
        with self._connections_lock:
            for connection in self._connections:
                with suppress(OSError):  # the client has left already
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET)) == _RESET:
            self.close_request(request)  # an orderly shutdown would come before the reset
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing; a bug of the simulator's own fails the test."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.simulator.fictions.append("".join(traceback.format_exception(error)))
