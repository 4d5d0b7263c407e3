"""Signing in and out, by password and by passkey."""

import base64
import hmac
import struct
import time
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site


def test_signing_in_opens_the_licenses_of_the_test_environment(site: Site, page: Page) -> None:
    site.sign_in(page)
    assert page.url == site.licenses
    expect(page.get_by_role("heading", level=1)).to_have_text("Licenses")
    expect(page.get_by_role("navigation", name="Environment").locator("[aria-current]")).to_have_text("Test")


def test_signing_in_leads_to_the_page_that_was_asked_for(site: Site, page: Page) -> None:
    page.goto(site.license)
    assert "/accounts/login/" in page.url
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.license)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(site: Site, page: Page) -> None:
    sentence = "The email address and/or password you specified are not correct."
    for email in (site.email, "nobody@example.com"):
        site.sign_in(page, email=email, password="not the password")
        expect(page.get_by_role("alert")).to_have_text(sentence)


def test_after_five_wrong_passwords_even_the_right_one_waits(site: Site, page: Page) -> None:
    for _ in range(5):
        site.sign_in(page, password="not the password")
    site.sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("Too many failed login attempts")
    page.goto(site.licenses)
    assert "/accounts/login/" in page.url


def test_signing_out_ends_the_visit(site: Site, member_page: Page) -> None:
    member_page.get_by_role("button", name="Sign out").click()
    member_page.wait_for_load_state()
    member_page.goto(site.license)
    assert "/accounts/login/" in member_page.url


def test_nobody_signs_up_by_themselves(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/accounts/signup/")
    assert page.locator("input[type=password]").count() == 0


def test_a_passkey_is_added_and_signs_in_without_a_password(site: Site, page: Page) -> None:
    local = site.url.replace("127.0.0.1", "localhost")  # an IP address cannot own a passkey
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**authenticator, "isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{local}/")
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Passkeys").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{local}/{site.environment}/licenses")


def test_a_second_factor_is_asked_for_after_the_password(site: Site, new_page: Callable[..., Page]) -> None:
    page, axe = new_page(bypass_csp=True), Axe()
    site.sign_in(page)
    site.confirm(page)
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(_one_time_code(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery_code = page.get_by_label("Unused codes").input_value().split()[0]
    for path in ("recovery-codes/", "recovery-codes/generate/", "totp/deactivate/", ""):
        page.goto(f"{site.url}/accounts/2fa/{path}")
        assert axe.run(page).violations_count == 0, path
    page.get_by_role("button", name="Sign out").click()
    site.sign_in(page)
    assert axe.run(page).violations_count == 0
    expect(page).to_have_title("Second factor · Licet")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()
    page.get_by_label("Code").fill(recovery_code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(site.licenses)


def _one_time_code(secret: str) -> str:
    """RFC 6238, 6 digits, 30 seconds, of which some are left."""
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"
