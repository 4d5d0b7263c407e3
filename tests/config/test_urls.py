"""Every address of the control plane, walked as a stranger: nothing but health and sign-in answers."""

import re

import httpx
import pytest

from dashboard.management.routes import routes
from tests.running.stack import Stack

# What a stranger may see, and why.
PUBLIC = {
    "livez": "health",
    "readyz": "health",
    "metrics": "from loopback",
    "openapi.json": "the document of the API",
    "docs": "shows that document",
    "docs/{}": "what that page is made of",
    "accounts/login/": "sign-in",
    "accounts/2fa/webauthn/login/": "sign-in by passkey",
    "accounts/password/reset/": "sign-in",
    "accounts/password/reset/done/": "sign-in",
    "accounts/password/reset/key/{}-{}/": "sign-in",
    "accounts/password/reset/key/done/": "sign-in",
    "accounts/inactive/": "says so",
    "accounts/confirm-email/": "says to look into the mailbox",
    "accounts/confirm-email/{}/": "from a mail",
}
SIGN_IN = "/accounts/"


def addresses() -> set[str]:
    return {route.path for route in routes()}


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_every_address_refuses_a_stranger(stack: Stack, method: str) -> None:
    seen = sorted(addresses())
    assert len(seen) > 30
    with httpx.Client(base_url=stack.bootstrap["api_url"], timeout=20) as stranger:
        for address in seen:
            path = "/" + re.sub(r"\{\w*\}", "01m7zx5q61fx6v5qy1k2av1j4g", address)
            answer = stranger.request(method, path)
            refused = answer.status_code in (400, 401, 403, 404, 405)
            asked_to_sign_in = answer.status_code == 302 and answer.headers["location"].startswith(SIGN_IN)
            assert refused or asked_to_sign_in or address in PUBLIC, (method, address, answer.status_code)
