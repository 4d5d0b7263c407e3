"""Fixtures that need Django: a tenant with something to sell, and a client that calls like a vendor's back end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.running.clients import plain_client

if TYPE_CHECKING:
    from tenants.models import Environment, Member
    from tenants.rules.permissions import Actor
    from tests.running.mail.mailbox import Mailbox
    from tests.running.stack import Stack

WITHIN_SECONDS = 1.0
PASSWORD = "a password for tests"


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

    def member(self, role: str, email: str = "", password: str | None = None) -> Member:
        """One more, who was never invited; without a password they cannot sign in, and hashing takes no time."""
        from tenants import clock  # noqa: PLC0415 - Django is not set up at import
        from tenants.actions.people.accounts import register_person  # noqa: PLC0415 - as above
        from tenants.models import Member, User  # noqa: PLC0415 - as above
        from tenants.tenancy import tenant_transaction  # noqa: PLC0415 - as above
        from verify.ground.ids import new  # noqa: PLC0415 - as above

        address, organization_id = email or f"{new('mem')}@example.com", self.environment.organization_id
        user = register_person(address, password) if password else User.objects.create_user(address)
        with tenant_transaction(organization_id):
            return Member(organization_id=organization_id, user=user, role=role, created_at=clock.now()).insert()

    def owner(self) -> Member:
        """The first member."""
        from tenants.models import Member  # noqa: PLC0415 - as above
        from tenants.tenancy import tenant_transaction  # noqa: PLC0415 - as above

        organization_id = self.environment.organization_id
        with tenant_transaction(organization_id):
            found: Member = Member.objects.of_organization(organization_id).select_related("user").earliest("id")
        return found


def acting(member: Member) -> Actor:
    """As pages act for a member."""
    from tenants.rules.permissions import ROLES, Actor  # noqa: PLC0415 - as above

    return Actor("member", member.public_id, ROLES[member.role])


@lru_cache
def hashed(password: str) -> str:
    """Once, as it takes longer than most tests."""
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415 - Django is not set up at import

    return make_password(password)


def make_place(name: str, api_url: str, verify_url: str, email: str = "") -> Place:
    """Its owner is `email`, or else a person of its own, who signs in with PASSWORD."""
    from licensing.actions.newcomers.welcome import welcome_organization  # noqa: PLC0415 - Django is not set up at import
    from tenants import clock  # noqa: PLC0415 - as above
    from tenants.models import User  # noqa: PLC0415 - as above
    from verify.ground.ids import new  # noqa: PLC0415 - as above

    owner, _ = User.objects.get_or_create(
        email=email or f"{new('mem')}@example.com", defaults={"password": hashed(PASSWORD)}
    )
    made = welcome_organization(name, owner.email, now=clock.now())
    document = made.as_json()
    document["login"]["password"] = PASSWORD
    headers = {"Authorization": f"Bearer {document['secret_key']}"}
    return Place(
        environment=made.environment,
        document=document,
        api=plain_client(api_url, headers=headers),
        verifier=plain_client(verify_url, headers=headers),
    )


@pytest.fixture
def owner_email() -> str:
    """Who owns the tenants of this test: one person for all. Where somebody signs in, the folder's conftest says "",
    and each has a person of its own."""
    return "owner@tests.example"


@pytest.fixture
def verify_url(stack: Stack) -> str:
    """Where verdicts are asked for; a module that wants another verify node says so by a fixture of this name."""
    url: str = stack.bootstrap["verify_url"]
    return url


@pytest.fixture
def new_place(stack: Stack, verify_url: str, owner_email: str) -> Iterator[Callable[[], Place]]:
    """Makes tenants."""
    made: list[Place] = []

    def make() -> Place:
        made.append(make_place(f"Tenant {len(made) + 1}", stack.bootstrap["api_url"], verify_url, owner_email))
        return made[-1]

    yield make
    for place in made:
        place.api.close()
        place.verifier.close()


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """This test's own tenant."""
    return new_place()


@pytest.fixture
def mailbox(stack: Stack) -> Mailbox:
    """Mail of the running copy."""
    return stack.mailbox
