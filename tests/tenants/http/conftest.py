"""Browsers of their own, and somebody who may sign in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from verify.ground.ids import new

if TYPE_CHECKING:
    from tests.running.stack import Stack
    from tests.tenants.http.browsing import Browser


@pytest.fixture
def browser(stack: Stack) -> Iterator[Browser]:
    """Browsers with cookies and an address of their own: so many ask here that one address would have to wait."""
    made: list[httpx.Client] = []

    def make() -> httpx.Client:
        address = ".".join(["127", *(str(number % 254 + 1) for number in os.urandom(3))])
        transport, base_url = httpx.HTTPTransport(local_address=address), stack.bootstrap["api_url"]
        made.append(httpx.Client(base_url=base_url, transport=transport, timeout=20, headers={"Accept": "text/html"}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def email() -> str:
    from tenants.actions.people.accounts import register_person  # noqa: PLC0415 - Django is not set up at import
    from tests.tenants.http.browsing import OLD  # noqa: PLC0415 - as above

    address = f"{new('mem')}@example.com"
    register_person(address, OLD)
    return address
