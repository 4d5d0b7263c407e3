"""Names every request `req_…`, in the answer's Request-Id and in every log line written meanwhile."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from verify.ids import new

log = structlog.get_logger("licet.request")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = new("req")  # type: ignore[attr-defined]  # ours, beside Django's own attributes
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):  # type: ignore[attr-defined]
            response = self._get_response(request)
            if request.path not in ("/livez", "/readyz", "/metrics"):
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                log.info(
                    "request", method=request.method, path=request.path, status=response.status_code, ms=milliseconds
                )
        response["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


def request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "") or new("req")
