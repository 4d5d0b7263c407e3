"""Creating and revoking keys, with JavaScript and without."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site
from verify import key_format


def test_a_key_is_created_in_two_clicks_and_its_secret_shown_once(site: Site, member_page: Page) -> None:
    member_page.goto(site.license)
    member_page.get_by_role("link", name="New key").click()
    member_page.get_by_label("Name").fill("Production server")
    with member_page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        member_page.get_by_role("button", name="Create key").click()
    assert posted.value.headers["cache-control"] == "no-store"
    secret = member_page.locator("pre").first.inner_text()
    assert key_format.parse(secret) is not None
    assert secret not in member_page.url
    assert site.place.verify_until("VALID", key=secret)["key"]["name"] == "Production server"
    member_page.get_by_role("link", name="I have stored it").click()
    expect(member_page.locator("tbody tr").first).to_contain_text(f"key_test_…{secret[-4:]}")
    assert secret not in member_page.content()
    assert secret not in str(member_page.context.cookies())


def test_a_key_may_have_fewer_scopes_and_a_last_day(site: Site, member_page: Page) -> None:
    member_page.goto(f"{site.license}/keys/new")
    member_page.get_by_label("reports:read").check()
    member_page.get_by_label("Last day").fill("2090-12-31")
    member_page.get_by_role("button", name="Create key").click()
    verdict = site.place.verify_until("VALID", key=member_page.locator("pre").first.inner_text())
    assert verdict["scopes"] == ["reports:read"]
    assert verdict["key"]["expires_at"] == "2091-01-01T00:00:00.000Z"


def test_what_is_wrong_is_told_beside_its_field_and_creates_nothing(site: Site, member_page: Page) -> None:
    member_page.goto(f"{site.license}/keys/new")
    member_page.get_by_label("Prefix").fill("Not good")
    member_page.get_by_label("Last day").fill("2001-01-01")
    member_page.get_by_role("button", name="Create key").click()
    expect(member_page.get_by_label("Prefix")).to_have_attribute("aria-invalid", "true")
    expect(member_page.get_by_text("1 to 16 of a-z and 0-9.", exact=True)).to_be_visible()
    member_page.get_by_label("Prefix").fill("good")
    member_page.get_by_role("button", name="Create key").click()
    expect(member_page.get_by_text("The end must be in the future.")).to_be_visible()
    assert len(site.place.api.get(f"/v1/keys?license={site.license_id}").json()["data"]) == 1


def test_revoking_with_javascript_swaps_the_keys_alone_and_announces_it(site: Site, member_page: Page) -> None:
    member_page.goto(site.license)
    member_page.evaluate("window.stillTheSamePage = true")
    row = member_page.locator("tbody tr")
    row.get_by_role("link", name="Revoke").click()
    dialog = member_page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Found in a public repository")
    dialog.get_by_role("button", name="Revoke key").click()
    expect(member_page.get_by_role("status").first).to_contain_text("is revoked. It is in force now.")
    expect(row).to_contain_text("Revoked")
    expect(row).to_contain_text("Found in a public repository")
    expect(member_page.get_by_role("heading", name="Keys")).to_be_focused()
    assert row.get_by_role("link", name="Revoke").count() == 0
    assert member_page.evaluate("window.stillTheSamePage") is True
    site.place.verify_until("KEY_REVOKED")


def test_a_dialog_that_is_cancelled_revokes_nothing(site: Site, member_page: Page) -> None:
    member_page.goto(site.license)
    member_page.get_by_role("link", name="Revoke demo").click()
    member_page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(member_page.get_by_role("dialog")).to_have_count(0)
    assert site.place.verify()["code"] == "VALID"


def test_revoking_works_without_javascript(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    site.sign_in(page)
    page.goto(site.license)
    page.locator("tbody tr").get_by_role("link", name="Revoke").click()
    assert page.url == site.revocation
    page.get_by_label("Reason").fill("Laptop lost")
    page.get_by_role("button", name="Revoke key").click()
    assert page.url == site.license
    assert "is revoked" in page.get_by_role("status").first.inner_text()
    assert "Laptop lost" in page.locator("tbody tr").inner_text()
    site.place.verify_until("KEY_REVOKED")


def test_creating_works_without_javascript(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    site.sign_in(page)
    page.goto(site.license)
    page.get_by_role("link", name="New key").click()
    page.get_by_role("button", name="Create key").click()
    site.place.verify_until("VALID", key=page.locator("pre").first.inner_text())


def test_an_act_that_fails_says_so(site: Site, member_page: Page) -> None:
    member_page.goto(site.license)
    member_page.route("**/revocation*", lambda route: route.abort())
    member_page.locator("tbody tr").get_by_role("link", name="Revoke").click()
    member_page.get_by_role("button", name="Revoke key").click()
    expect(member_page.get_by_role("status").first).to_contain_text("That did not work.")
    assert site.place.verify()["code"] == "VALID"


def test_a_form_without_its_token_is_refused_with_a_page(site: Site, member_page: Page) -> None:
    answer = member_page.request.post(site.revocation, form={"reason": "forged"})
    assert answer.status == 403
    assert "This form is out of date" in answer.text()
    assert site.place.verify()["code"] == "VALID"


def test_the_copy_button_copies_the_whole_key(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    site.sign_in(page)
    page.goto(f"{site.license}/keys/new")
    page.get_by_role("button", name="Create key").click()
    page.get_by_role("button", name="Copy key").click()
    expect(page.locator("[data-announcer]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("pre").first.inner_text()


def test_a_key_is_rotated_with_an_overlap_and_without_javascript(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    site.sign_in(page)
    page.goto(site.license)
    page.get_by_role("link", name="Sample key").click()
    page.get_by_role("link", name="Rotate").click()
    page.get_by_label("The old key works on for").fill("2")
    page.get_by_label("Unit").select_option("hour")
    page.get_by_role("button", name="Rotate key").click()
    secret = page.locator("pre").first.inner_text()
    site.place.verify_until("VALID", key=secret)
    assert site.place.verify()["warnings"] == ["KEY_EXPIRING", "KEY_ROTATED"]
    page.reload()
    assert page.locator("pre").first.inner_text() == secret
    page.get_by_role("link", name="I have stored it").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Sample key").last.click()
    expect(page.locator(".facts")).to_contain_text("Rotated into")
