"""A database or Redis that is away is told as 503, on pages as in the API; nothing else is swallowed here."""

from collections.abc import Callable

import redis
import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError as BrokerError

from tenants.http.problems import unavailable

log = structlog.get_logger("licet.errors")


class OutageMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django asks this of every exception a view lets through."""
        if not isinstance(exception, OperationalError | redis.RedisError | BrokerError):
            return None
        log.warning("A store does not answer", error=f"{type(exception).__name__}: {exception}".splitlines()[0])
        return unavailable(request)
