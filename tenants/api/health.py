"""/livez, /readyz and /metrics of the control plane."""

import hmac
import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tenants.publishing.facts_store import client
from tenants.queries.health import database_health

PROBES = ("/livez", "/readyz")


class ProbesMiddleware:
    """Orchestrators ask a process by its own address, which is no name of ours: a probe's Host is not judged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in PROBES:
            request.META["HTTP_HOST"] = urlsplit(settings.LICET_PUBLIC_URL).netloc
        return self._get_response(request)


def livez(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Red when the database is away or its role is more than it should be. Redis away only delays the data plane."""
    health = database_health()
    ready = health.problem is None
    body = {
        "status": "ready" if ready else "not ready",
        "database": health.problem or "ok",
        "current_user": health.current_user,
        "redis": _redis(),
    }
    return JsonResponse(body, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """With a token set, loopback needs it too: behind a proxy on the same machine everybody comes from there."""
    token = settings.LICET_METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_loopback(request)
    if not allowed:
        return HttpResponse("Metrics need LICET_METRICS_TOKEN, or loopback where none is set.\n", status=403)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _redis() -> str:
    try:
        client().ping()
    except redis.RedisError:
        return "unreachable"
    return "ok"


def _is_loopback(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback
    except ValueError:
        return False
