"""The listening sockets of the two planes: opened once by the supervisor, inherited by number.

A child that restarts finds its socket still listening, so a caller waits a moment where it would have been refused.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.env import Env, Misconfigured
from config.supervisor.trouble import CannotStart

BACKLOG = 2048
LAST_PORT = 65_535
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to connect to when bound to all


@dataclass(frozen=True)
class Door:
    """One plane's socket: its descriptor, and the URL that reaches it from this machine."""

    socket: socket.socket
    host: str
    port: int

    @property
    def url(self) -> str:
        host = EVERYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True)
class Doors:
    web: Door
    verify: Door


@contextmanager
def listen(env: Env) -> Iterator[Doors]:
    """Opens both sockets, or says which variable to change."""
    web = _door(env, "LICET_PORT", 8000)
    with web.socket:
        verify = _door(env, "LICET_VERIFY_PORT", 8001)
        with verify.socket:
            yield Doors(web, verify)


def _door(env: Env, variable: str, default: int) -> Door:
    host = env.text("LICET_HOST", "127.0.0.1")
    try:
        port = env.number(variable, default)
    except Misconfigured as error:
        raise CannotStart(str(error)) from error
    if not 0 <= port <= LAST_PORT:  # 0: any that is free
        message = f"{variable}={port} is not a port; choose one from 1 to {LAST_PORT}."
        raise CannotStart(message)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        message = f"LICET_HOST={host} is not an address of this machine ({error})."
        raise CannotStart(message) from error
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection. uvicorn takes a socket handed over for one that cannot delay, and an answer's
        # head and body, sent apart, would then wait 40 ms for each other.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise CannotStart(_refusal(error, host, port, variable)) from error
    return Door(opened, host, opened.getsockname()[1])


def _refusal(error: OSError, host: str, port: int, variable: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; stop what listens there or choose another with {variable}=…"
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than you have; choose one above 1023 with {variable}=…"
    return f"Cannot listen on {host} port {port} ({error.strerror}); check LICET_HOST and {variable}."
