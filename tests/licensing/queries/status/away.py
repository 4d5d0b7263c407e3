"""Redis as a test finds it away: nobody there, or somebody who never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from licensing.queries.status import queues
from tenants.publishing import facts_store

NOBODY = "redis://127.0.0.1:1/0"


@contextmanager
def redis_away(url: str = NOBODY) -> Iterator[None]:
    """For this process alone; Celery's broker goes with it."""
    with override_settings(REDIS_URL=url, CELERY_BROKER_URL=url):
        _forget_clients()
        try:
            yield
        finally:
            _forget_clients()


@contextmanager
def redis_silent() -> Iterator[None]:
    """It takes connections and says nothing, as a server that is stopped does."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        redis_away(f"redis://127.0.0.1:{listening.getsockname()[1]}"),
    ):
        yield


def _forget_clients() -> None:
    facts_store.client.cache_clear()
    queues.broker.cache_clear()
