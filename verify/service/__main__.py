"""`python -m verify.service --port 8001` (or `--fd N`, a listening socket handed over by the supervisor).

`--server uvicorn` puts the same routes behind uvicorn: what tests compare our own server with.
"""

import argparse
import asyncio
import gc
import logging.config
import socket
import sys

import uvicorn
import uvloop

from verify.ground.environment import Misconfigured
from verify.service import settings
from verify.service.app import App
from verify.service.http.asgi import Asgi
from verify.service.http.server import BACKLOG, serve

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "verify.ground.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m verify.service", description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8001)
    arguments.add_argument("--fd", type=int)
    arguments.add_argument("--server", choices=["licet", "uvicorn"], default="licet")
    given = arguments.parse_args()
    logging.config.dictConfig(LOGGING)
    try:
        app = App(settings.load())
    except Misconfigured as error:
        sys.exit(str(error))
    if given.server == "uvicorn":
        _run_uvicorn(app, given)
        return
    listening = _listen(given)
    _collect_seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app, listening))


def _collect_seldom() -> None:
    """Facts are held by the hundred thousand, and looking through all of them for rings of garbage would stop the
    process each time. Hardly anything here makes such rings: what a call makes goes when the call is over.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


def _listen(given: argparse.Namespace) -> socket.socket:
    if given.fd is not None:
        return socket.socket(fileno=given.fd)
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    try:
        return socket.create_server((given.host, given.port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        sys.exit(f"Cannot listen on {given.host} port {given.port}: {error}")


def _run_uvicorn(app: App, given: argparse.Namespace) -> None:
    uvicorn.run(
        Asgi(app),
        host=given.host,
        port=given.port,
        fd=given.fd,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
