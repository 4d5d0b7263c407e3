"""Who really calls behind trusted proxies, and whether over TLS.

`X-Forwarded-For` counts only as far as `TRUSTED_PROXIES` wrote it, `X-Forwarded-Proto` only if the nearest hop is one.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from verify.ground.proxies import Proxies


class ClientAddressMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._proxies = Proxies(settings.TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = request.META["REMOTE_ADDR"]
        if not self._proxies.believes(peer):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        request.META["REMOTE_ADDR"] = self._proxies.caller(peer, request.META.get("HTTP_X_FORWARDED_FOR", "")) or peer
        return self._get_response(request)
