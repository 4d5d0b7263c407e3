"""Answers as bytes: status line, fields and body in one piece."""

import re
import time
from email.utils import formatdate
from http import HTTPStatus

from verify.service.http.exchange import Response
from verify.service.http.head import Head

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Writer:
    """`tick` once a second: answers begin with the date."""

    def __init__(self) -> None:
        self._openings: dict[tuple[int, str], str] = {}
        self.tick()

    def tick(self) -> None:
        self._date = formatdate(time.time(), usegmt=True)
        self._openings.clear()

    def write(self, response: Response, request_id: str, head: Head, *, last: bool) -> bytes:
        """`last`: the connection ends with it. Raises ValueError of a field that would end its line."""
        status, body, content_type = response.status, response.body, response.content_type
        if response.headers or last or not head.usual or status in _BODILESS:
            return self._write_unusual(response, request_id, head, last=last)
        opening = self._openings.get((status, content_type)) or self._open(status, content_type)
        return f"{opening}{request_id}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def _open(self, status: int, content_type: str) -> str:
        opening = self._openings[status, content_type] = (
            f"{self._first_lines(status)}Content-Type: {content_type}\r\nCache-Control: no-store\r\nRequest-Id: "
        )
        return opening

    def _first_lines(self, status: int) -> str:
        return f"HTTP/1.1 {status:d} {HTTPStatus(status).phrase}\r\nDate: {self._date}\r\n"

    def _write_unusual(self, response: Response, request_id: str, head: Head, *, last: bool) -> bytes:
        status, body, headers = response.status, response.body, response.headers
        fields = [("Request-Id", request_id), *headers]
        if status not in _BODILESS:
            fields += [("Content-Type", response.content_type), ("Content-Length", str(len(body)))]
        if all(name.lower() != "cache-control" for name, _ in headers):
            fields.append(("Cache-Control", "no-store"))
        if last or head.is_old:
            fields.append(("Connection", "close" if last else "keep-alive"))
        if any(_UNSPEAKABLE.search(name) or _UNSPEAKABLE.search(value) for name, value in fields):
            message = "a field of an answer has control characters"
            raise ValueError(message)
        told = "".join(f"{name}: {value}\r\n" for name, value in fields)
        sent = b"" if status in _BODILESS or head.method == "HEAD" else body
        return f"{self._first_lines(status)}{told}\r\n".encode() + sent
