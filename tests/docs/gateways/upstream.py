"""An API behind a gateway: keeps every request that gets through."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Got:
    """One request; headers by lower-case name, each with all its values."""

    method: str
    target: str
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        (value,) = self.headers[name]
        return value

    def of_gateway(self) -> dict[str, list[str]]:
        """What the upstream may take for the gateway's word; some frameworks read `_` as `-`."""
        return {
            name: values
            for name, values in self.headers.items()
            if name.replace("_", "-").startswith(("licet", "x-forwarded", "forwarded"))
        }


class Upstream:
    """`port` is where it listens, `got` what came."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def keep(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers: dict[str, list[str]] = {}
                for name, value in self.headers.items():
                    headers.setdefault(name.lower(), []).append(value)
                got.append(Got(self.command, self.path, headers, body))
                told = json.dumps({"served": len(got)}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(told)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = keep  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    @contextmanager
    def serving(self) -> Iterator["Upstream"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
