"""What holds for every page: reachable, named, light, accessible, strict, and without any other host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

from tests.dashboard.conftest import Site, site_of
from tests.dashboard.walking import walk
from tests.places import make_place

if TYPE_CHECKING:
    from tests.running.stack import Stack

PAGES = {
    "/env/licenses",
    "/env/licenses/lic",
    "/env/licenses/lic/keys/new",
    "/env/licenses/lic/suspension",
    "/env/licenses/lic/revocation",
    "/env/keys/key/revocation",
    "/organizations/org/members",
    "/organizations/org/members/mem/role",
    "/organizations/org/members/mem/removal",
    "/organizations/org/invitations/new",
    "/organizations/org/invitations/inv/revocation",
    "/account",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
}
RESET = "/accounts/password/reset/"
OPEN_PAGES = ("/accounts/login/", RESET, f"{RESET}done/", f"{RESET}key/1-none/", f"{RESET}key/done/")
MOST_BYTES = 200 * 1024


@dataclass
class Tour:
    """What was noticed on a walk through all pages, by a page's shape where it is about one."""

    host: str
    titles: dict[str, str] = field(default_factory=dict)
    too_wide: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def tour(browser: Browser, stack: Stack) -> Tour:
    site = site_of(make_place("Tour", stack.bootstrap["api_url"], stack.bootstrap["verify_url"]), stack)
    site.place.post("invitations", {"email": "tour@example.com", "role": "viewer"})
    site.place.api.close()
    tour, page = Tour(urlsplit(site.url).netloc), browser.new_page(viewport={"width": 360, "height": 740})
    page.on("request", lambda request: tour.hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: tour.complaints.append(str(error)))
    page.on("console", lambda said: tour.complaints.append(said.text) if said.type in ("error", "warning") else None)
    for path in OPEN_PAGES:
        page.goto(site.url + path)
        _note(tour, page, path)
    site.sign_in(page)
    site.confirm(page)
    for shape in walk(page, f"{site.url}/"):
        _note(tour, page, shape)
    page.context.close()
    return tour


def test_every_page_is_reached_by_links(tour: Tour) -> None:
    assert set(tour.titles) >= PAGES


def test_every_page_has_a_title_of_its_own(tour: Tour) -> None:
    assert len(set(tour.titles.values())) == len(tour.titles), tour.titles


def test_every_page_fits_a_phone(tour: Tour) -> None:
    assert tour.too_wide == []


def test_the_browser_has_nothing_to_complain_of(tour: Tour) -> None:
    assert tour.complaints == []


def test_no_page_asks_another_host_for_anything(tour: Tour) -> None:
    assert tour.hosts - {""} == {tour.host}  # a `data:` address has no host


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(site: Site, new_page: Callable[..., Page], scheme: str) -> None:
    page, axe = new_page(color_scheme=scheme, bypass_csp=True), Axe()
    for path in OPEN_PAGES:
        page.goto(site.url + path)
        _assert_accessible(axe, page)
    site.sign_in(page)
    site.confirm(page)
    for _ in walk(page, f"{site.url}/"):
        _assert_accessible(axe, page)


def test_axe_finds_nothing_where_something_is_asked_or_said(site: Site, new_page: Callable[..., Page]) -> None:
    page, axe = new_page(bypass_csp=True), Axe()
    site.sign_in(page, password="not the password")
    _assert_accessible(axe, page)
    site.sign_in(page)
    page.goto(site.license)
    page.get_by_role("link", name="Revoke demo").click()
    _assert_accessible(axe, page)
    page.get_by_role("button", name="Revoke key").click()
    page.get_by_role("status").get_by_text("is revoked").wait_for()
    _assert_accessible(axe, page)
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Prefix").fill("NOT GOOD")
    page.get_by_role("button", name="Create key").click()
    _assert_accessible(axe, page)
    page.get_by_label("Prefix").fill("good")
    page.get_by_role("button", name="Create key").click()
    page.get_by_role("heading", name="Key created").wait_for()
    _assert_accessible(axe, page)


def test_a_first_visit_to_a_page_is_at_most_200_kilobytes(site: Site, new_page: Callable[..., Page]) -> None:
    storage = new_page()
    site.sign_in(storage)
    cookies = storage.context.cookies()
    for address in (site.licenses, site.license, f"{site.license}/keys/new", f"{site.url}/account"):
        page, answers = new_page(), list[Response]()
        page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what cookies() gives is what add_cookies takes
        page.on("response", partial(_keep, answers))
        page.goto(address, wait_until="networkidle")
        assert sum(_bytes(response) for response in answers) <= MOST_BYTES, address


def _note(tour: Tour, page: Page, shape: str) -> None:
    tour.titles[shape] = page.title()
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        tour.too_wide.append(shape)


def _assert_accessible(axe: Axe, page: Page) -> None:
    results = axe.run(page)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def _keep(answers: list[Response], answer: Response) -> None:
    answers.append(answer)


def _bytes(response: Response) -> int:
    return 0 if response.status >= 300 else len(response.body())
