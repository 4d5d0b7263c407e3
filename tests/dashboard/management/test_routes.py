"""Every route asks for a permission or is known to need none, and each role may do what the matrix says."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from django.test import Client
from django.urls import path
from django.views import View

from dashboard.management import routes as module
from dashboard.management.commands.role_matrix import matrix
from dashboard.management.routes import Route, Unlisted, routes
from tenants import clock
from tenants.actions.people.accounts import register_person
from tenants.models import Member, User
from tenants.rules.permissions import ROLES
from tenants.tenancy import tenant_transaction
from tests.places import Place
from verify.ground.ids import new

ROOT = Path(__file__).resolve().parents[3]
ANY = "01m7zx5q61fx6v5qy1k2av1j4g"


def test_the_matrix_in_the_docs_is_what_the_routes_say() -> None:
    assert (ROOT / "docs" / "roles.md").read_text() == matrix(), "`make docs` mends it"


def test_a_route_nobody_listed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = [path("forgotten", View.as_view())]
    monkeypatch.setattr(module, "get_resolver", type("Resolver", (), {"url_patterns": forgotten}))
    with pytest.raises(Unlisted, match="forgotten"):
        list(routes())


def asked(kind: str) -> list[Route]:
    found = [route for route in routes() if route.permission]
    return [route for route in found if (route.method == "PAGE") == (kind == "page")]


@pytest.mark.parametrize("role", ROLES)
def test_a_secret_key_with_a_roles_permissions_does_what_the_matrix_says(place: Place, role: str) -> None:
    """403 comes before 404, so nothing needs to be there."""
    body = {"name": role, "scopes": sorted(ROLES[role])}
    secret = place.post("secret_keys", body)["secret"]
    with httpx.Client(base_url=place.api.base_url, headers={"Authorization": f"Bearer {secret}"}, timeout=20) as caller:
        for route in asked("api"):
            answer = caller.request(route.method, "/" + route.path.format(new("mem")), json={"unheard": "of"})
            refused = answer.status_code == 403
            assert refused == (role not in route.roles), (route, answer.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_a_member_sees_the_pages_that_the_matrix_says(new_place: Callable[[], Place], role: str) -> None:
    place = new_place()
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(member(place, role))
    for route in asked("page"):
        answer = browser.get(address(route, place))
        refused = answer.status_code == 403
        assert refused == (role not in route.roles), (route, answer.status_code)


def member(place: Place, role: str) -> User:
    user = register_person(f"{secrets.token_hex(8)}@example.com", "")
    with tenant_transaction(place.environment.organization_id):
        Member(organization_id=place.environment.organization_id, user=user, role=role, created_at=clock.now()).insert()
    return user


def address(route: Route, place: Place) -> str:
    """In the place's own environment, with ids of nothing behind it."""

    def named(kind: re.Match[str]) -> str:
        own: dict[str, str] = {"env": place.environment.public_id, "org": place.document["organization"]}
        return own.get(kind.group(1), f"{kind.group(1)}_{ANY}")

    return "/" + re.sub(r"\{(\w*)\}", named, route.path)
