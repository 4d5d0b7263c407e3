"""`python -m verify.service --port 8001` (or `--fd N`, a listening socket handed over by the supervisor)."""

import argparse
import logging.config
import sys

import uvicorn

from verify.ground.environment import Misconfigured
from verify.service import settings
from verify.service.app import App
from verify.service.http.asgi import Asgi

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
    given = arguments.parse_args()
    logging.config.dictConfig(LOGGING)
    try:
        app = App(settings.load())
    except Misconfigured as error:
        sys.exit(str(error))
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
