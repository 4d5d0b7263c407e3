"""Names every request `req_…`, in the answer's Request-Id and in every log line written meanwhile."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from verify.ground.ids import new

QUIET = ("/livez", "/readyz", "/metrics")
_ATTRIBUTE = "request_id"

log = structlog.get_logger("licet.request")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = new("req")
        setattr(request, _ATTRIBUTE, name)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=name):
            response = self._get_response(request)
            if request.path not in QUIET:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                status = response.status_code
                log.info("request", method=request.method, path=request.path, status=status, ms=milliseconds)
        response["Request-Id"] = name
        return response


def request_id(request: HttpRequest) -> str:
    return getattr(request, _ATTRIBUTE, None) or new("req")
