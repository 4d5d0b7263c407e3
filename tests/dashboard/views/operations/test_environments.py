"""Pages of environments."""

import time
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site
from tests.dashboard.visiting.reading import filled
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of
from tests.places import Place


def test_a_new_one_leads_to_its_first_secret_key(site: Site, member_page: Page) -> None:
    member_page.goto(f"{site.url}/organizations/{site.organization}/environments")
    member_page.get_by_role("link", name="New environment").click()
    member_page.get_by_label("Name").fill("staging")
    member_page.get_by_label("Test", exact=True).check()
    member_page.get_by_role("button", name="Create environment").click()
    expect(member_page.get_by_role("status").first).to_contain_text("Its first secret key is made here.")
    expect(member_page.get_by_role("navigation", name="Environment").locator("[aria-current]")).to_have_text("Staging")
    member_page.get_by_role("link", name="New secret key").click()
    expect(member_page.get_by_text("for the staging environment")).to_be_visible()


def test_keys_that_nobody_knows_are_counted(place: Place) -> None:
    browser, address = browser_of(owner_of(place)), reverse("environments", args=[place.environment.organization_id])
    for _ in range(3):
        assert place.verify(key="nobody's")["code"] == "NOT_FOUND"
    patience_ends = time.monotonic() + 20
    while '<td data-label="Unknown keys in 24 h">3</td>' not in browser.get(address).content.decode():
        assert time.monotonic() < patience_ends
        time.sleep(0.2)


def test_what_it_does_in_an_outage_is_changed_and_said(place: Place) -> None:
    owner = browser_of(owner_of(place))
    change = reverse("environment_change", args=[place.environment.organization_id, place.environment.id])
    form = {"name": "test", "on_outage": "allow", "stale_seconds": "120"}
    page = owner.post(change, form, follow=True).content.decode()
    assert "The environment is changed. It is in force now." in page
    assert "From memory for 120 s" in page
    shown = place.api.get(f"/v1/environments/{place.document['environment']}").json()
    assert (shown["on_outage"], shown["stale_seconds"], shown["kind"]) == ("allow", 120, "test")


def test_a_change_that_somebody_else_overtook_undoes_nothing(place: Place) -> None:
    owner = browser_of(owner_of(place))
    change = reverse("environment_change", args=[place.environment.organization_id, place.environment.id])
    form: dict[str, Any] = filled(owner.get(change).content.decode())
    shown = f"/v1/environments/{place.document['environment']}"
    place.api.patch(shown, json={"on_outage": "allow"}).raise_for_status()
    assert owner.post(change, form | {"name": "mine"}).status_code == 412
    now = place.api.get(shown).json()
    assert (now["name"], now["on_outage"]) == ("test", "allow")


def test_a_name_that_is_taken_is_told_beside_its_field(place: Place) -> None:
    owner = browser_of(owner_of(place))
    form = {"name": "live", "kind": "test", "on_outage": "deny", "stale_seconds": "60"}
    answer = owner.post(reverse("new_environment", args=[place.environment.organization_id]), form)
    assert answer.status_code == 409
    assert 'aria-invalid="true"' in answer.content.decode()
    assert len(place.api.get("/v1/environments").json()["data"]) == 2


def test_who_may_not_change_them_is_not_offered_to(place: Place) -> None:
    developer = browser_of(another_member(place, "developer"))
    page = developer.get(reverse("environments", args=[place.environment.organization_id])).content.decode()
    assert place.document["environment"] in page
    assert "New environment" not in page
    assert "/change" not in page
