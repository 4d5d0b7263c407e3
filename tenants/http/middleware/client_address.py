"""Who really calls behind trusted proxies, and whether over TLS.

`X-Forwarded-For` counts only as far as `TRUSTED_PROXIES` wrote it, `X-Forwarded-Proto` only if the nearest hop is one.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._trusted = [ipaddress.ip_network(text) for text in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._is_trusted(request.META["REMOTE_ADDR"]):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        if self._trusted:
            request.META["REMOTE_ADDR"] = self._client(request)
        return self._get_response(request)

    def _client(self, request: HttpRequest) -> str:
        """From the nearest hop outwards, the first that is no proxy of ours."""
        client: str = request.META["REMOTE_ADDR"]
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        while hops and self._is_trusted(client):
            hop = hops.pop()
            if not _is_address(hop):
                break
            client = hop
        return client

    def _is_trusted(self, text: str) -> bool:
        return _is_address(text) and any(ipaddress.ip_address(text) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
