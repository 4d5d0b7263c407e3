"""A loop that does one thing again and again, and waits while the stores it needs are away."""

import logging
import threading
from collections.abc import Callable

import redis
from django.db import OperationalError, connections

INTERVAL_SECONDS = 0.25


def keep_ticking(name: str, tick: Callable[[], bool], stop: threading.Event) -> None:
    """Until `stop`; at once again while `tick` says that there may be more to do.

    Redis or PostgreSQL away: says so once, waits, tries again. A bug sets `stop`, so that the process ends as a whole
    and is started anew.
    """
    log = logging.getLogger(f"licet.{name}")
    trouble = ""
    try:
        while not stop.is_set():
            try:
                busy = tick()
                if trouble:
                    log.info("The %s works again", name)
                trouble = ""
            except (redis.RedisError, OperationalError) as error:
                busy = False
                connections.close_all()
                if type(error).__name__ != trouble:
                    trouble = type(error).__name__
                    log.warning("The %s waits: %s: %s", name, trouble, error)
            if not busy:
                stop.wait(INTERVAL_SECONDS)
    finally:
        stop.set()
