"""Pages of the audit log."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site
from tests.dashboard.visiting.reading import facts
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of
from tests.places import Place
from tests.tenants.actions.chains import no_sequencer, until_sequenced
from verify.ground.ids import decode


@pytest.fixture
def owner(place: Place) -> Client:
    return browser_of(owner_of(place))


def page(place: Place, owner: Client, **sought: str) -> str:
    answer = owner.get(reverse("audit_log", args=[place.environment.organization_id]), sought)
    assert answer.status_code == 200
    return answer.content.decode()


def entries(shown: str) -> int:
    return shown.count('data-label="Action"')


def test_the_chain_is_verified_from_its_button(site: Site, new_page: Callable[..., Page]) -> None:
    visitor = new_page(java_script_enabled=False)
    site.sign_in(visitor)
    visitor.goto(f"{site.url}/organizations/{site.organization}/audit_log")
    visitor.get_by_role("button", name="Verify the chain").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Verification of the audit log")
    expect(visitor.get_by_text("The chain is intact")).to_be_visible(timeout=15_000)


def test_an_entry_that_is_not_chained_yet_says_so(place: Place, owner: Client) -> None:
    with no_sequencer():
        place.post(f"licenses/{place.sample['license']}/suspension", status=200)
        newest = place.api.get("/v1/audit_log?limit=1").json()["data"][0]["id"]
        address = reverse("audit_entry", args=[place.environment.organization_id, decode("aud", newest)])
        said = facts(owner.get(address).content.decode())
    assert said["Position in the chain"] == "Not chained yet"


def test_an_entry_says_who_did_what_and_where_it_stands_in_the_chain(place: Place, owner: Client) -> None:
    license_id = place.sample["license"]
    owner.post(reverse("license_suspension", args=[place.environment.id, decode("lic", license_id)]), {"reason": "why"})
    place.api.patch(f"/v1/licenses/{license_id}", json={"quantity": 7}).raise_for_status()
    until_sequenced(place.environment.organization_id)
    updated, suspended = place.api.get("/v1/audit_log?limit=2").json()["data"]
    address = reverse("audit_entry", args=[place.environment.organization_id, decode("aud", suspended["id"])])
    shown = owner.get(address).content.decode()
    for said in (
        "license.suspended",
        place.document["login"]["email"],
        license_id,
        "why",
        suspended["hash"],
        "licet_app",
    ):
        assert said in shown
    address = reverse("audit_entry", args=[place.environment.organization_id, decode("aud", updated["id"])])
    shown = owner.get(address).content.decode()
    assert '<td data-label="From">1</td>' in shown
    assert '<td data-label="To">7</td>' in shown
    assert "First secret key" in shown
    assert updated["request_id"] in shown


def test_it_is_narrowed_in_the_address(place: Place, owner: Client) -> None:
    address = place.document["login"]["email"]
    owner.post(reverse("new_secret_key", args=[place.environment.id]), {"name": "Mine", "scopes": ["verify"]})
    (mine,) = place.api.get("/v1/audit_log?limit=1").json()["data"]
    assert entries(page(place, owner)) == 9
    assert entries(page(place, owner, actor=address)) == entries(page(place, owner, actor=mine["actor"]["id"])) == 1
    assert entries(page(place, owner, subject=mine["subject"])) == 1
    assert entries(page(place, owner, action="secret_key.issued")) == 2
    assert entries(page(place, owner, since="2001-01-01T00:00", until="2090-01-01T00:00")) == 9
    for nobody in ({"actor": "nobody@example.com"}, {"until": "2001-01-01T00:00"}, {"since": "not a time"}):
        assert "No such entry" in page(place, owner, **nobody)


def test_another_tenants_members_are_nobody(new_place: Callable[[], Place]) -> None:
    place, other = new_place(), new_place()
    browser_of(owner_of(other)).post(reverse("new_environment", args=[other.environment.organization_id]), {})
    shown = page(place, browser_of(owner_of(place)), actor=other.document["login"]["email"])
    assert "No such entry" in shown


def test_it_is_the_whole_organizations(place: Place, owner: Client) -> None:
    shown = page(place, owner)
    assert entries(shown) == 8
    assert "All environments of" in shown
    assert f"/{place.document['environment']}/licenses/{place.sample['license']}" in shown


def test_who_may_only_look_is_not_offered_the_verification(place: Place) -> None:
    developer = browser_of(another_member(place, "developer"))
    assert "Verify the chain" not in page(place, developer)
    assert developer.post(reverse("audit_verification", args=[place.environment.organization_id])).status_code == 403
