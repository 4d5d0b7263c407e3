"""The list of licenses, the page of one, and what may be decided there."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tenants.actions.people.accounts import register_person
from tests.dashboard.conftest import Site
from tests.dashboard.visiting.visitors import another_member
from tests.licensing.seated import seated
from tests.places import PASSWORD
from verify.ground.ids import new


def test_the_list_is_newest_first_and_older_ones_are_a_link_away(site: Site, member_page: Page) -> None:
    names = [f"Customer {number:02}" for number in range(21)]
    for name in names:
        customer = site.place.post("customers", {"name": name})["id"]
        site.place.post("licenses", {"customer": customer, "plan": site.place.sample["plan"]})
    member_page.goto(site.licenses)
    shown = member_page.locator("tbody .table__title")
    assert shown.all_inner_texts() == list(reversed(names))[:20]
    first_title = member_page.title()
    member_page.get_by_role("link", name="Older").click()
    expect(shown).to_have_count(2)
    assert shown.all_inner_texts()[0] == names[0]
    assert member_page.title() != first_title
    member_page.get_by_role("link", name="Newest").click()
    expect(shown).to_have_count(20)


def test_a_row_tells_plan_status_dates_and_keys_in_use(site: Site, member_page: Page) -> None:
    row = member_page.locator("tbody tr", has_text=site.license_id)
    expect(row.get_by_role("link", name=site.license_id)).to_have_attribute("href", site.license.removeprefix(site.url))
    expect(row.get_by_role("cell").nth(2)).to_have_text("starter\u00a0v1")
    expect(row.get_by_role("cell").nth(3)).to_have_text("Active")
    expect(row.locator("time")).to_have_attribute(
        "datetime", site.place.api.get(f"/v1/licenses/{site.license_id}").json()["starts_at"]
    )
    expect(row.get_by_role("cell").nth(6)).to_have_text("1")


def test_an_empty_environment_says_what_to_do(site: Site, member_page: Page) -> None:
    member_page.get_by_role("navigation", name="Environment").get_by_role("link", name="Live").click()
    expect(member_page.get_by_role("heading", name="No licenses here yet")).to_be_visible()
    expect(member_page.locator("pre")).to_contain_text("/v1/licenses")
    expect(member_page.get_by_role("navigation", name="Environment").locator("[aria-current]")).to_have_text("Live")


def test_a_license_is_suspended_and_reinstated(site: Site, member_page: Page) -> None:
    member_page.goto(site.license)
    member_page.get_by_role("link", name="Suspend").click()
    member_page.get_by_label("Reason").fill("Unpaid invoice")
    member_page.get_by_role("button", name="Suspend license").click()
    expect(member_page.get_by_role("status").first).to_contain_text("The license is suspended.")
    expect(member_page.locator(".facts")).to_contain_text("Unpaid invoice")
    site.place.verify_until("LICENSE_SUSPENDED")
    member_page.get_by_role("button", name="Reinstate").click()
    expect(member_page.get_by_role("status").first).to_contain_text("The license is reinstated.")
    site.place.verify_until("VALID")


def test_too_few_seats_are_told_until_they_are_enough(site: Site, member_page: Page) -> None:
    license = seated(site.place, "key", 2)
    for name in ("Laptop", "Server"):
        site.place.post("keys", {"license": license, "name": name})
    member_page.goto(f"{site.licenses}/{license}/keys/new")
    member_page.get_by_role("button", name="Create key").click()
    expect(member_page.get_by_role("alert")).to_contain_text("has 2 seats, and 3 would be taken")
    site.place.api.patch(f"/v1/licenses/{license}", json={"quantity": 1}).raise_for_status()
    member_page.goto(f"{site.licenses}/{license}")
    banner = member_page.locator(".notice", has_text="2 seats are taken, and the license has 1.")
    expect(banner).to_contain_text("when it would be suspended")
    expect(member_page.locator(".facts").first).to_contain_text("2 of 1 taken, one per key")
    member_page.get_by_role("row", name="Laptop").get_by_text("Revoke").first.click()
    member_page.get_by_role("button", name="Revoke key").click()
    expect(member_page.get_by_role("status").first).to_contain_text("is revoked")
    expect(banner).to_have_count(0)
    expect(member_page.locator(".facts").first).to_contain_text("1 of 1 taken")


def test_a_revoked_license_can_be_neither_suspended_nor_given_a_key(site: Site, member_page: Page) -> None:
    member_page.goto(f"{site.license}/keys/new")
    site.place.post(f"licenses/{site.license_id}/revocation", status=200)
    member_page.get_by_role("button", name="Create key").click()
    expect(member_page.get_by_role("alert")).to_have_text("This license was revoked; it takes no new keys.")
    member_page.goto(f"{site.license}/suspension")
    member_page.get_by_role("button", name="Suspend license").click()
    expect(member_page.get_by_role("alert")).to_contain_text("What was revoked stays revoked")
    member_page.goto(site.license)
    assert member_page.get_by_role("link", name="New key").count() == 0


def test_another_tenants_pages_are_the_404_of_what_does_not_exist(
    site: Site, other_site: Site, member_page: Page
) -> None:
    def answer(url: str) -> tuple[int, str]:
        found = member_page.request.get(url, headers={"Accept": "text/html"})
        return found.status, found.text()

    missing = answer(f"{site.url}/{new('env')}/licenses")
    assert missing[0] == 404
    assert answer(other_site.licenses) == missing
    assert answer(f"{site.licenses}/{other_site.license_id}") == missing
    assert answer(f"{site.licenses}/{new('lic')}") == missing
    assert answer(f"{site.url}/{site.environment}/keys/{other_site.key_id}/revocation") == missing
    assert answer(f"{site.url}/organizations/{other_site.organization}") == missing
    assert answer(f"{site.licenses}?cursor=forged") == missing


def test_every_page_sends_a_stranger_to_sign_in(site: Site) -> None:
    for address in (f"{site.url}/", f"{site.url}/account", site.licenses, site.license, site.revocation):
        answer = httpx.get(address)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (302, "/accounts/login/")
    answer = httpx.get(site.revocation, headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"] == "/accounts/login/"


def test_a_viewer_sees_everything_and_changes_nothing(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page()
    site.sign_in(page, another_member(site.place, "viewer").email, PASSWORD)
    page.goto(site.license)
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    for name in ("Revoke", "New key", "Suspend"):
        assert page.get_by_role("link", name=name).count() == 0
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    for address in (site.revocation, f"{site.license}/revocation", f"{site.license}/keys/new"):
        form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "key_prefix": "key"}
        answer = page.request.post(address, form=form, headers={"Referer": site.license})
        assert answer.status == 403
        assert "Your role does not permit this" in answer.text()
    assert site.place.verify()["code"] == "VALID"
    assert len(site.place.api.get(f"/v1/keys?license={site.license_id}").json()["data"]) == 1


def test_a_person_without_an_organization_is_told_whom_to_ask(site: Site, page: Page) -> None:
    email, password = f"{new('mem')}@example.com", "a password of their own"
    register_person(email, password)
    site.sign_in(page, email, password)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not a member of any organization")
