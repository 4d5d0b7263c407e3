"""An invitation's link, as a newcomer, as somebody with an account, as somebody else, and when it is dead."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from tenants import clock
from tenants.actions.people.accounts import person, register_person
from tenants.models import AuditEntry, Invitation
from tenants.tenancy import tenant_transaction
from tests.dashboard.conftest import Site
from tests.places import Place
from tests.running.mail.mailbox import Mailbox
from verify.ground.ids import new

PASSWORD = "a password of their own"
PHONE: dict[str, Any] = {"bypass_csp": True, "viewport": {"width": 360, "height": 740}}


def address() -> str:
    return f"{new('mem')}@example.com"


def assert_good(page: Page) -> None:
    """axe finds nothing, and it fits a phone."""
    assert Axe().run(page).violations_count == 0
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def stranger(email: str | None = None) -> Client:
    """A browser that keeps cookies; signed in as the person with this address."""
    browser = Client(headers={"host": "127.0.0.1"})
    if email:
        found = person(email)
        assert found
        browser.force_login(found)
    return browser


def invited(place: Place, mailbox: Mailbox, email: str, role: str = "viewer") -> str:
    """The path of the link."""
    sent = len(mailbox.to(email))
    place.post("invitations", {"email": email, "role": role})
    return f"/invitations/{mailbox.token(email, sent + 1)}"


def passwords(text: str = PASSWORD, again: str | None = None) -> dict[str, str]:
    return {"password1": text, "password2": text if again is None else again}


def roles(place: Place) -> dict[str, str]:
    return {row["email"]: row["role"] for row in place.api.get("/v1/members").json()["data"]}


def accepted_entries(place: Place) -> int:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        rows = AuditEntry.objects.of_organization(organization)
        return len(rows.filter(action="invitation.accepted"))


def test_a_newcomer_chooses_a_password_and_is_in(site: Site, new_page: Callable[..., Page], mailbox: Mailbox) -> None:
    page, email = new_page(**PHONE), address()
    site.place.post("invitations", {"email": email, "role": "developer"})
    page.goto(mailbox.link(email))
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Tenant 1")
    assert_good(page)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password (again)").fill("short")
    page.get_by_role("button", name="Create account and join").click()
    expect(page.get_by_text("at least 12 characters").last).to_be_visible()
    assert_good(page)
    assert person(email) is None
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()
    page.wait_for_url(site.licenses)
    expect(page.get_by_role("status").first).to_contain_text("You are a member of Tenant 1 now.")
    assert roles(site.place)[email] == "developer"
    page.get_by_role("button", name="Sign out").click()
    page.goto(mailbox.link(email))
    expect(page.get_by_role("heading", level=1)).to_have_text("This invitation cannot be used")
    assert_good(page)
    site.sign_in(page, email, PASSWORD)
    page.wait_for_url(site.licenses)


def test_who_has_an_account_signs_in_first_and_then_accepts(
    site: Site, new_page: Callable[..., Page], mailbox: Mailbox
) -> None:
    page, email = new_page(**PHONE), address()
    register_person(email, PASSWORD)
    site.place.post("invitations", {"email": email.upper(), "role": "billing"})
    link = mailbox.link(email)
    page.goto(link)
    assert page.locator("input[type=password]").count() == 0
    assert_good(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(link)
    assert_good(page)
    page.get_by_role("button", name="Accept invitation").click()
    page.wait_for_url(site.licenses)
    assert roles(site.place)[email] == "billing"


def test_somebody_else_is_told_whose_it_is_and_signs_out_to_the_same_page(
    site: Site, new_page: Callable[..., Page], mailbox: Mailbox
) -> None:
    page, email = new_page(**PHONE), address()
    site.sign_in(page)
    site.place.post("invitations", {"email": email, "role": "viewer"})
    link = mailbox.link(email)
    page.goto(link)
    expect(page.get_by_text(f"This invitation is for {email}, and you are signed in as {site.email}")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(link)
    expect(page.get_by_role("button", name="Create account and join")).to_be_visible()


def test_somebody_elses_post_is_refused_and_makes_nobody_a_member(place: Place, mailbox: Mailbox) -> None:
    email, other = address(), address()
    register_person(other, PASSWORD)
    path = invited(place, mailbox, email)
    assert stranger(other).post(path, passwords()).status_code == 403
    assert set(roles(place)) == {place.owner().user.email}


def test_an_account_is_not_taken_over_by_its_invitation(place: Place, mailbox: Mailbox) -> None:
    email = address()
    register_person(email, PASSWORD)
    path, browser = invited(place, mailbox, email), stranger()
    answer = browser.post(path, passwords("quite another password"))
    assert (answer.status_code, b"sign in, then accept" in answer.content) == (409, True)
    assert "_auth_user_id" not in browser.session
    known = person(email)
    assert known
    assert known.check_password(PASSWORD)
    assert email not in roles(place)


def test_two_tabs_accept_once(place: Place, mailbox: Mailbox) -> None:
    email = address()
    path, browser = invited(place, mailbox, email), stranger()
    assert browser.post(path, passwords()).status_code == 302
    assert browser.post(path, passwords()).status_code == browser.get(path).status_code == 302
    assert browser.get(path)["Location"].endswith(place.document["organization"])
    assert stranger().post(path, passwords()).status_code == stranger().get(path).status_code == 410
    assert accepted_entries(place) == 1


def test_a_newcomer_with_two_invitations_registers_once_and_joins_both(
    new_place: Callable[[], Place], mailbox: Mailbox
) -> None:
    places, email = (new_place(), new_place()), address()
    first, second = (invited(place, mailbox, email) for place in places)
    early, late = stranger(), stranger()
    assert late.get(second).status_code == 200
    assert early.post(first, passwords()).status_code == 302
    assert late.post(second, passwords("quite another password")).status_code == 409
    assert early.post(second).status_code == 302
    assert [roles(place).get(email) for place in places] == ["viewer", "viewer"]
    known = person(email)
    assert known
    assert known.check_password(PASSWORD)


def test_what_cannot_be_used_shows_one_page_whatever_the_reason(place: Place, mailbox: Mailbox) -> None:
    revoked, expired, used, replaced = (address() for _ in range(4))
    paths = {email: invited(place, mailbox, email) for email in (revoked, expired, used, replaced)}
    names = {row["email"]: row["id"] for row in place.api.get("/v1/invitations").json()["data"]}
    place.api.delete(f"/v1/invitations/{names[revoked]}").raise_for_status()
    with tenant_transaction(place.environment.organization_id):
        rows = Invitation.objects.of_organization(place.environment.organization_id).filter(email=expired)
        rows.update(expires_at=clock.now() - timedelta(seconds=1))
    stranger().post(paths[used], passwords())
    place.api.post(f"/v1/invitations/{names[replaced]}/sending").raise_for_status()
    mailbox.wait_for(replaced, 2)
    unknown = [f"/invitations/{tail}" for tail in (secrets.token_urlsafe(32), "x", "x" * 8000, "%00", "%FF", "é")]
    bodies = set()
    for path, status in (
        *((paths[email], 410) for email in (revoked, expired, used)),
        *((path, 404) for path in (paths[replaced], *unknown)),
    ):
        for answer in (stranger().get(path), stranger().post(path, passwords())):
            assert answer.status_code == status, path
            bodies.add(answer.content)
    (body,) = bodies
    assert b"This invitation cannot be used" in body
    assert b"Tenant 1" not in body


def test_who_has_accepted_and_was_removed_is_not_let_in_by_the_old_link(place: Place, mailbox: Mailbox) -> None:
    email = address()
    path, browser = invited(place, mailbox, email), stranger()
    assert browser.post(path, passwords()).status_code == 302
    (row,) = place.api.get("/v1/members", params={"email": email}).json()["data"]
    place.api.delete(f"/v1/members/{row['id']}").raise_for_status()
    assert browser.get(path).status_code == 410
    again = invited(place, mailbox, email, "developer")
    assert browser.post(again).status_code == 302
    assert roles(place)[email] == "developer"


@pytest.mark.parametrize(
    "form",
    [
        {},
        passwords("short"),
        passwords("password1234"),
        passwords(again="something else entirely"),
        passwords("with a nul \0 inside it"),
        passwords("x" * 100_000),
    ],
)
def test_a_password_that_is_none_makes_no_account(place: Place, mailbox: Mailbox, form: dict[str, str]) -> None:
    email = address()
    path = invited(place, mailbox, email)
    answer = stranger().post(path, form)
    assert (answer.status_code, b"errorlist" in answer.content) == (200, True)
    assert person(email) is None
    assert stranger().post(path, passwords(f"{email} is me")).status_code == 200


def test_the_link_is_told_to_no_other_site_and_kept_by_no_cache(place: Place, mailbox: Mailbox) -> None:
    answer = stranger().get(invited(place, mailbox, address()))
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"
    assert b"http://" not in answer.content.replace(b"http://www.w3.org", b"")


def test_a_post_without_its_csrf_field_accepts_nothing(place: Place, mailbox: Mailbox) -> None:
    email = address()
    path = invited(place, mailbox, email)
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    assert strict.post(path, passwords()).status_code == 403
    assert person(email) is None
