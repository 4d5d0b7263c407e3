"""A mail server that answers every recipient with one code; it is only as much of RFC 5321 as a client needs."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Conversation(socketserver.StreamRequestHandler):
    code: int

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            answer = f"{self.code} so it is" if word == b"RCPT" else "221 bye" if word == b"QUIT" else "250 well"
            self.wfile.write(f"{answer}\r\n".encode())
            if word == b"QUIT":
                return


@contextmanager
def mail_server(code: int) -> Iterator[int]:
    """Its port. With 250 it takes every mail, with 550 it refuses for good, with 450 for now."""
    handler = type("Conversation", (_Conversation,), {"code": code})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
