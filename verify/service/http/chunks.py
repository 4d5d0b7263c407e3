"""A chunked body (RFC 9112 §7.1), taken out of the bytes as they come."""

import re

from verify.service.http.exchange import MOST_BODY_BYTES, too_large
from verify.service.http.head import TOKEN, are_trailers, malformed

MOST_LINE_BYTES = 256  # a size and its extensions, which are ignored
MOST_TRAILER_BYTES = 4_096

_EXTENSION = rb";" + TOKEN + rb"++(?:=(?:" + TOKEN + rb"++|\"[\t !#-\[\]-~]*+\"))?+"
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8}+)(?:" + _EXTENSION + rb")*+")


class Chunks:
    """`take` from a buffer that grows, until it gives True: then `body` is whole, and what follows is left there."""

    def __init__(self) -> None:
        self.body = bytearray()
        self._is_whole = False
        self._framing = 0  # what came beside the body: chunks of one byte are no way to send 64 KB
        self._missing = 0  # of the chunk that has begun
        self._at = self._take_size

    def take(self, unread: bytearray) -> bool:
        """Raises Refused (400, 413)."""
        while not self._is_whole and self._at(unread):
            pass
        return self._is_whole

    def _take_size(self, unread: bytearray) -> bool:
        line = _take_line(unread)
        if line is None:
            return False
        found = _SIZE.fullmatch(line)
        if not found:
            raise malformed("A chunk begins with its size in hexadecimal digits.")
        self._missing, self._framing = int(found[1], 16), self._framing + len(line)
        if len(self.body) + self._missing > MOST_BODY_BYTES or self._framing > MOST_BODY_BYTES:
            raise too_large()
        self._at = self._take_data if self._missing else self._take_trailers
        return True

    def _take_data(self, unread: bytearray) -> bool:
        part = unread[: self._missing]
        self.body += part
        del unread[: len(part)]
        self._missing -= len(part)
        if self._missing:
            return False
        self._at = self._take_line_end
        return True

    def _take_line_end(self, unread: bytearray) -> bool:
        if not b"\r\n".startswith(unread[:2]):
            raise malformed("A chunk has as many bytes as it says.")
        if len(unread) < 2:  # noqa: PLR2004 - CR LF
            return False
        del unread[:2]
        self._at = self._take_size
        return True

    def _take_trailers(self, unread: bytearray) -> bool:
        """They are checked and forgotten, as nothing here asks for any."""
        end = 0 if unread.startswith(b"\r\n") else unread.find(b"\r\n\r\n") + 2
        if end == 1:  # not found
            if len(unread) > MOST_TRAILER_BYTES:
                raise malformed("The trailers are too long.")
            return False
        if end > MOST_TRAILER_BYTES or not are_trailers(unread[:end]):
            raise malformed("The trailers are not well-formed.")
        del unread[: end + 2]
        self._is_whole = True
        return True


def _take_line(unread: bytearray) -> bytes | None:
    end = unread.find(b"\r\n", 0, MOST_LINE_BYTES)
    if end < 0:
        if len(unread) >= MOST_LINE_BYTES or b"\n" in unread:
            raise malformed("The line of a chunk's size is too long, or does not end with CR LF.")
        return None
    line = bytes(unread[:end])
    del unread[: end + 2]
    return line
