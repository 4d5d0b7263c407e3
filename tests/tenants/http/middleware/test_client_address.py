"""X-Forwarded-For is believed only as far as trusted proxies wrote it."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from tenants.http.middleware.client_address import ClientAddressMiddleware


def seen(peer: str, forwarded: str, trusted: list[str]) -> str:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    found = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    with override_settings(TRUSTED_PROXIES=trusted):
        ClientAddressMiddleware(view)(request)
    return str(found[0])


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("10.0.0.1", "1.2.3.4", [], "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4", ["10.0.0.0/8"], "1.2.3.4"),
        ("9.9.9.9", "1.2.3.4", ["10.0.0.0/8"], "9.9.9.9"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", "nonsense", ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("::1", "2001:db8::5", ["::1"], "2001:db8::5"),
    ],
)
def test_the_client_is_the_first_hop_that_is_no_proxy_of_ours(
    peer: str, forwarded: str, trusted: list[str], client: str
) -> None:
    assert seen(peer, forwarded, trusted) == client


@pytest.mark.parametrize(("peer", "is_secure"), [("10.0.0.1", True), ("9.9.9.9", False)])
def test_only_a_trusted_proxy_says_that_the_caller_came_over_tls(peer: str, *, is_secure: bool) -> None:
    request = RequestFactory().get(
        "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR="1.2.3.4"
    )
    believed = {"TRUSTED_PROXIES": ["10.0.0.1"], "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}
    with override_settings(**believed):
        ClientAddressMiddleware(lambda _: HttpResponse())(request)
        assert request.is_secure() == is_secure
