"""Fixtures that need Django: a tenant with something to sell, and a client that calls like a vendor's back end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tenants.models import Environment
    from tests.running.stack import Stack

WITHIN_SECONDS = 1.0


@dataclass
class Place:
    """One tenant: its test environment, its secret key, a sample license and key, and HTTP clients for both planes."""

    environment: Environment
    document: dict[str, Any]
    api: httpx.Client
    verifier: httpx.Client

    @property
    def sample(self) -> dict[str, str]:
        sample: dict[str, str] = self.document["sample"]
        return sample

    def verify(self, **asked: Any) -> dict[str, Any]:
        """A verdict; by default on the sample key."""
        body = {"key": self.sample["key_secret"]} | asked
        answer = self.verifier.post("/v1/verify", json=body)
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()
        return verdict

    def verify_until(self, code: str, **asked: Any) -> dict[str, Any]:
        """The first verdict with `code`, which must come within a second."""
        began = time.monotonic()
        while (verdict := self.verify(**asked))["code"] != code:
            assert time.monotonic() - began < WITHIN_SECONDS, verdict
        return verdict

    def post(self, path: str, body: dict[str, Any] | None = None, *, status: int = 201) -> dict[str, Any]:
        answer = self.api.post(f"/v1/{path}", json=body or {})
        assert answer.status_code == status, answer.text
        made: dict[str, Any] = answer.json()
        return made


def make_place(name: str, api_url: str, verify_url: str) -> Place:
    from licensing.actions.welcome import welcome_organization  # noqa: PLC0415 - Django is not set up at import
    from tenants import clock  # noqa: PLC0415 - as above
    from verify.ground.ids import new  # noqa: PLC0415 - as above

    made = welcome_organization(name, f"{new('mem')}@example.com", now=clock.now())
    document = made.as_json()
    headers = {"Authorization": f"Bearer {document['secret_key']}"}
    return Place(
        environment=made.environment,
        document=document,
        api=httpx.Client(base_url=api_url, headers=headers, timeout=20),
        verifier=httpx.Client(base_url=verify_url, headers=headers, timeout=20),
    )


@pytest.fixture
def new_place(stack: Stack) -> Iterator[Callable[[], Place]]:
    """Makes tenants."""
    made: list[Place] = []

    def make() -> Place:
        made.append(make_place(f"Tenant {len(made) + 1}", stack.bootstrap["api_url"], stack.bootstrap["verify_url"]))
        return made[-1]

    yield make
    for place in made:
        place.api.close()
        place.verifier.close()


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """This test's own tenant."""
    return new_place()
