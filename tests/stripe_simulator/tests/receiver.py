"""A webhook endpoint that keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import stripe as sdk


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    def event(self, number: int, secret: str) -> sdk.Event:
        """As stripe-python reads it, if the signature is right."""
        found: sdk.Event = sdk.Webhook.construct_event(self.bodies[number], self.signatures[number], secret)
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.signatures.append(self.headers["Stripe-Signature"])
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as above
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
        thread = Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
