"""The page of members: who sees what, who may do what, and how access ends."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tenants.models import Member
from tests.dashboard.conftest import Site
from tests.dashboard.visiting.reading import filled
from tests.places import Place
from verify.ground.ids import new

PASSWORD = "a password of their own"


def signed_in(member: Member) -> Client:
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(member.user)
    return browser


def address(place: Place, name: str, *more: object) -> str:
    return reverse(name, args=[place.environment.organization_id, *more])


def roles(place: Place) -> dict[str, str]:
    return {row["email"]: row["role"] for row in place.api.get("/v1/members").json()["data"]}


def test_members_are_listed_invited_changed_and_removed(site: Site, member_page: Page) -> None:
    developer = site.place.member("developer").user.email
    member_page.goto(site.licenses)
    member_page.get_by_role("link", name="Members").click()
    row = member_page.locator("tbody tr").filter(has_text=developer)
    expect(row).to_contain_text("Developer")
    row.get_by_role("link", name="Change role").click()
    expect(member_page.locator("input[value=developer]")).to_be_checked()
    member_page.get_by_label("Billing").check()
    member_page.get_by_role("button", name="Change role").click()
    expect(member_page.get_by_role("status").first).to_contain_text(f"{developer} has the role billing now.")
    row.get_by_role("link", name="Remove").click()
    expect(member_page.get_by_text("Secret keys that they issued")).to_be_visible()
    member_page.get_by_role("button", name="Remove member").click()
    expect(member_page.get_by_role("status").first).to_contain_text(f"{developer} is no longer a member.")
    assert roles(site.place) == {site.email: "owner"}


def test_an_invitation_is_sent_again_and_revoked_without_javascript(site: Site, new_page: Callable[..., Page]) -> None:
    page, email = new_page(java_script_enabled=False), f"{new('mem')}@example.com"
    site.sign_in(page)
    page.goto(f"{site.url}/organizations/{site.organization}/members")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Viewer").check()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("status").first).to_contain_text(f"An invitation is on its way to {email}.")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status").first).to_contain_text(f"A new link is on its way to {email}.")
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke invitation").click()
    expect(page.get_by_role("status").first).to_contain_text(f"The invitation of {email} is revoked.")
    expect(page.get_by_text("Open invitations")).to_have_count(0)


@pytest.mark.parametrize("role", ["owner", "admin", "developer", "billing", "viewer"])
def test_a_role_sees_the_list_or_the_forms_or_neither(place: Place, role: str) -> None:
    asked, other = place.member(role), place.member("viewer")
    browser = signed_in(asked)
    may_read, may_write = role != "viewer", role in ("owner", "admin")
    listed = browser.get(address(place, "members"))
    assert listed.status_code == (200 if may_read else 403)
    assert (b"Change role" in listed.content, b"Invite" in listed.content) == (may_write, may_write)
    for name, more in (("new_invitation", []), ("member_role", [other.pk]), ("member_removal", [other.pk])):
        assert browser.get(address(place, name, *more)).status_code == (200 if may_write else 403)
        assert browser.post(address(place, name, *more), {"role": "king"}).status_code in (
            (200, 302) if may_write else (403,)
        )
    licenses = browser.get(reverse("licenses", args=[place.environment.id]))
    assert (f'href="{address(place, "members")}"' in licenses.content.decode()) == may_read


def test_a_strangers_and_another_tenants_people_do_not_exist(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    browser, theirs = signed_in(mine.owner()), others.member("viewer")
    invited = others.post("invitations", {"email": "theirs@example.com", "role": "viewer"})["id"]
    for place, status in ((others, 404), (mine, 404)):
        for name in ("member_role", "member_removal"):
            for answer in (
                browser.get(address(place, name, theirs.pk)),
                browser.post(address(place, name, theirs.pk), {"role": "owner"}),
            ):
                assert answer.status_code == status
    for organization in (others.document["organization"], mine.document["organization"]):
        for act in ("sending", "revocation"):
            path = f"/organizations/{organization}/invitations/{invited}/{act}"
            assert (browser.get(path).status_code, browser.post(path).status_code) == (404, 404)
    assert browser.get(address(others, "members")).status_code == 404
    assert others.api.get(f"/v1/invitations/{invited}").json()["status"] == "pending"
    assert roles(others)[theirs.user.email] == "viewer"


def test_a_removed_members_very_next_request_finds_nothing(place: Place) -> None:
    member = place.member("admin")
    browser = signed_in(member)
    pages = [
        address(place, "members"),
        reverse("licenses", args=[place.environment.id]),
        address(place, "organization"),
    ]
    assert [browser.get(page).status_code for page in pages] == [200, 200, 302]
    place.api.delete(f"/v1/members/{member.public_id}").raise_for_status()
    assert [browser.get(page).status_code for page in pages] == [404, 404, 404]
    assert b"You are not a member of any organization" in browser.get("/").content


def test_a_role_that_was_taken_away_meanwhile_is_taken_at_once(place: Place) -> None:
    admin, other = place.member("admin"), place.member("viewer")
    browser = signed_in(admin)
    assert browser.get(address(place, "member_role", other.pk)).status_code == 200
    place.api.patch(f"/v1/members/{admin.public_id}", json={"role": "developer"}).raise_for_status()
    assert browser.post(address(place, "member_role", other.pk), {"role": "admin"}).status_code == 403
    assert roles(place)[other.user.email] == "viewer"


def test_a_role_that_somebody_else_gave_meanwhile_is_not_undone(place: Place) -> None:
    browser, other = signed_in(place.owner()), place.member("developer")
    form: dict[str, Any] = filled(browser.get(address(place, "member_role", other.pk)).content.decode())
    place.api.patch(f"/v1/members/{other.public_id}", json={"role": "viewer"}).raise_for_status()
    answer = browser.post(address(place, "member_role", other.pk), form)
    assert answer.status_code == 412
    assert roles(place)[other.user.email] == "viewer"
    again: dict[str, Any] = filled(answer.content.decode())
    assert browser.post(address(place, "member_role", other.pk), again).status_code == 302
    assert roles(place)[other.user.email] == "developer"


def test_the_last_owner_is_told_why_they_stay(place: Place) -> None:
    owner = place.owner()
    browser = signed_in(owner)
    for name, form in (("member_role", {"role": "admin"}), ("member_removal", {})):
        answer = browser.post(address(place, name, owner.pk), form)
        assert answer.status_code == 409
        assert b"This is the last owner" in answer.content
    assert roles(place)[owner.user.email] == "owner"


def test_an_admin_makes_no_owner_and_touches_none(place: Place) -> None:
    admin, second, viewer = place.member("admin"), place.member("owner"), place.member("viewer")
    browser = signed_in(admin)
    assert b'value="owner"' not in browser.get(address(place, "new_invitation")).content
    assert browser.post(address(place, "member_removal", second.pk)).status_code == 403
    assert browser.post(address(place, "member_role", second.pk), {"role": "viewer"}).status_code == 403
    refused = browser.post(address(place, "member_role", viewer.pk), {"role": "owner"})
    assert (refused.status_code, b"not one of the available choices" in refused.content) == (200, True)
    now = roles(place)
    assert (now[second.user.email], now[viewer.user.email]) == ("owner", "viewer")


def test_a_viewer_leaves_from_their_own_page(site: Site, page: Page) -> None:
    email = site.place.member("viewer", password=PASSWORD).user.email
    site.sign_in(page, email, PASSWORD)
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave Tenant 1?")
    expect(page.get_by_role("navigation", name="Back")).to_have_text("Account")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not a member of any organization")
    entry = site.place.api.get("/v1/audit_log", params={"action": "member.left"}).json()["data"][0]
    assert entry["changes"] == {"email": email, "role": "viewer"}


@pytest.mark.parametrize("email", ["", "no address", "a\0b@example.com", "x" * 10_000 + "@example.com"])
def test_what_is_no_address_is_told_beside_the_field_and_invites_nobody(place: Place, email: str) -> None:
    answer = signed_in(place.owner()).post(address(place, "new_invitation"), {"email": email, "role": "viewer"})
    assert (answer.status_code, b"errorlist" in answer.content) == (200, True)
    assert place.api.get("/v1/invitations").json()["data"] == []


def test_who_is_a_member_or_invited_already_is_told_in_the_form(place: Place) -> None:
    browser, invited = signed_in(place.owner()), f"{new('mem')}@example.com"
    place.post("invitations", {"email": invited, "role": "viewer"})
    for email, sentence in ((place.owner().user.email, b"a member already"), (invited, b"invited already")):
        answer = browser.post(address(place, "new_invitation"), {"email": email.upper(), "role": "viewer"})
        assert (answer.status_code, sentence in answer.content) == (409, True)
