"""A place to look at: one tenant of the running copy, with a license and a key, and who signs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

if TYPE_CHECKING:
    from django.test import Client

    from tests.places import Place
    from tests.running.stack import Stack


@pytest.fixture
def owner_email() -> str:
    """Somebody signs in here: a person of their own for each tenant."""
    return ""


@dataclass(frozen=True)
class Site:
    """`url` without a slash at its end; ids as they are in addresses."""

    url: str
    email: str
    password: str
    organization: str
    environment: str
    license_id: str
    key_id: str
    place: Place

    @property
    def licenses(self) -> str:
        return f"{self.url}/{self.environment}/licenses"

    @property
    def license(self) -> str:
        return f"{self.licenses}/{self.license_id}"

    @property
    def revocation(self) -> str:
        return f"{self.url}/{self.environment}/keys/{self.key_id}/revocation"

    def sign_in(self, page: Page, email: str | None = None, password: str | None = None) -> None:
        page.goto(f"{self.url}/")
        page.get_by_label("Email").fill(email or self.email)
        page.get_by_label("Password").fill(password or self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()

    def confirm(self, page: Page) -> None:
        """Gives the password once more, as changing a second factor asks for."""
        page.goto(f"{self.url}/accounts/2fa/totp/activate/")
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="Activate authenticator app").wait_for()


@pytest.fixture
def site(place: Place, stack: Stack) -> Site:
    return site_of(place, stack)


@pytest.fixture
def other_site(new_place: Callable[[], Place], stack: Stack) -> Site:
    """Another tenant's."""
    return site_of(new_place(), stack)


def site_of(place: Place, stack: Stack) -> Site:
    return Site(
        url=stack.bootstrap["dashboard_url"].rstrip("/"),
        email=place.document["login"]["email"],
        password=place.document["login"]["password"],
        organization=place.document["organization"],
        environment=place.document["environment"],
        license_id=place.sample["license"],
        key_id=place.sample["key"],
        place=place,
    )


@pytest.fixture
def member(place: Place) -> Client:
    """The owner of `place`, signed in, without a browser."""
    from tests.dashboard.visiting.visitors import browser_of, owner_of  # noqa: PLC0415 - Django is not set up at import

    return browser_of(owner_of(place))


@pytest.fixture
def member_page(site: Site, page: Page, member: Client) -> Page:
    """At its beginning, signed in as the owner of `site`; the form that does it is asked for elsewhere."""
    cookies = [{"name": name, "value": cookie.value, "url": site.url} for name, cookie in member.cookies.items()]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # these are three of what a cookie may say
    page.goto(f"{site.url}/")
    return page
