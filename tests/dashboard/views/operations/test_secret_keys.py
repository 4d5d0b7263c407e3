"""Pages of secret keys."""

import re

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of
from tests.places import Place
from verify.ground.ids import decode


@pytest.fixture
def owner(place: Place) -> Client:
    return browser_of(owner_of(place))


def address(place: Place, name: str, *ids: str) -> str:
    return reverse(name, args=[place.environment.id, *(decode(one.partition("_")[0], one) for one in ids)])


def spare(place: Place, *scopes: str) -> tuple[str, str]:
    """Id and secret."""
    made = place.post("secret_keys", {"name": "Spare", "scopes": list(scopes) or ["verify", "keys:read"]})
    return made["id"], made["secret"]


def opens(place: Place, secret: str, path: str = "keys") -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{place.api.base_url}/v1/{path}", headers=headers, timeout=20).status_code == 200


def test_one_is_issued_shown_once_and_works(site: Site, member_page: Page) -> None:
    member_page.goto(f"{site.url}/{site.environment}/secret_keys")
    member_page.get_by_role("link", name="New secret key").click()
    member_page.get_by_label("Name").fill("Gateway")
    member_page.get_by_label("keys:read", exact=True).check()
    with member_page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        member_page.get_by_role("button", name="Issue secret key").click()
    assert (posted.value.status, posted.value.headers["cache-control"]) == (201, "no-store")
    secret = member_page.locator("pre").first.inner_text()
    assert opens(site.place, secret)
    assert not opens(site.place, secret, "customers")
    member_page.get_by_role("link", name="I have stored it").click()
    expect(member_page.get_by_role("heading", level=1)).to_have_text("Gateway")
    expect(member_page.locator(".facts")).to_contain_text("keys:read")
    assert secret not in member_page.content()


def test_scopes_and_end_only_shrink(place: Place, owner: Client) -> None:
    row, secret = spare(place)
    change = address(place, "secret_key_change", row)
    more = owner.post(change, {"name": "Spare", "scopes": ["verify", "keys:read", "customers:read"]})
    assert more.status_code == 200
    assert "customers:read is not one of the available choices" in more.content.decode()
    assert owner.post(change, {"name": "Fewer", "scopes": ["verify"]}).status_code == 302
    shown = place.api.get(f"/v1/secret_keys/{row}").json()
    assert (shown["name"], shown["scopes"]) == ("Fewer", ["verify"])
    assert not opens(place, secret)
    ends = {"name": "Fewer", "scopes": ["verify"], "expires_at": "2090-01-01T00:00"}
    assert owner.post(change, ends).status_code == 302
    later = owner.post(change, ends | {"expires_at": "2091-01-01T00:00"})
    assert (later.status_code, "The end can only come earlier" in later.content.decode()) == (400, True)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(place: Place, owner: Client) -> None:
    row, _ = spare(place)
    change = address(place, "secret_key_change", row)
    found = re.search(r'name="revision"\s+value="(\d+)"', owner.get(change).content.decode())
    assert found
    place.api.patch(f"/v1/secret_keys/{row}", json={"name": "Renamed"}).raise_for_status()
    stale = {"name": "Mine", "scopes": ["verify", "keys:read"], "revision": found.group(1)}
    assert owner.post(change, stale).status_code == 412
    assert place.api.get(f"/v1/secret_keys/{row}").json()["name"] == "Renamed"


def test_a_revoked_one_opens_nothing_and_cannot_be_changed(place: Place, owner: Client) -> None:
    row, secret = spare(place)
    assert owner.post(address(place, "secret_key_revocation", row)).status_code == 302
    assert not opens(place, secret)
    page = owner.get(address(place, "secret_key", row)).content.decode()
    assert "Revoked" in page
    assert address(place, "secret_key_change", row) not in page
    refused = owner.post(address(place, "secret_key_change", row), {"name": "x", "scopes": ["verify"]})
    assert (refused.status_code, "What was revoked stays as it is" in refused.content.decode()) == (409, True)


def test_nobody_issues_more_than_their_role_has(place: Place) -> None:
    developer = browser_of(another_member(place, "developer"))
    before = len(place.api.get("/v1/secret_keys").json()["data"])
    form = {"name": "More", "scopes": ["organization:write"]}
    assert developer.post(address(place, "new_secret_key"), form).status_code == 200
    assert len(place.api.get("/v1/secret_keys").json()["data"]) == before
    assert developer.post(address(place, "new_secret_key"), form | {"scopes": ["*"]}).status_code == 201


def test_an_environment_without_any_says_that_the_first_is_made_here(place: Place, owner: Client) -> None:
    live = place.api.get("/v1/environments?kind=live").json()["data"][0]["id"]
    page = owner.get(reverse("secret_keys", args=[decode("env", live)])).content.decode()
    assert "No secret keys here yet" in page
    assert "the first one is made here" in page
