"""What holds for every page: reachable, named, light, accessible, strict, and without any other host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, Response, ViewportSize

from dashboard.urls import of_environment
from dashboard.views.viewer import environments_of
from tenants import clock
from tests.dashboard.conftest import Site, site_of
from tests.dashboard.visiting.reading import text
from tests.dashboard.visiting.walking import patterns, walk
from tests.licensing.usage_rows import Call, fill
from tests.places import make_place

if TYPE_CHECKING:
    from django.test import Client

    from tests.places import Place
    from tests.running.stack import Stack

PAGES = {
    *(f"/env/{plural}" for plural in ("licenses", "customers", "plans", "products", "features", "meters")),
    *(f"/env/{plural}/new" for plural in ("licenses", "customers", "plans", "products", "features", "meters")),
    *(f"/env/{one}" for one in ("products/prod", "features/feat", "meters/mtr")),
    *(f"/env/{one}/change" for one in ("products/prod", "features/feat", "meters/mtr")),
    *(f"/env/{one}/removal" for one in ("products/prod", "features/feat", "meters/mtr")),
    *("/env/customers/cus", "/env/customers/cus/change"),
    *("/env/plans/plan", "/env/plans/plan/change", "/env/plans/plan/publication", "/env/plans/plan/versions/1"),
    *("/env/licenses/lic", "/env/licenses/lic/keys/new", "/env/licenses/lic/keys/import"),
    *(f"/env/licenses/lic/{act}" for act in ("change", "overrides", "renewal", "plan", "suspension", "revocation")),
    "/env/keys/key",
    *(f"/env/{one}/{page}" for one in ("licenses/lic", "keys/key") for page in ("usage", "decisions")),
    *(f"/env/keys/key/{act}" for act in ("change", "rotation", "suspension", "revocation")),
    *(f"/env/secret_keys{rest}" for rest in ("", "/new", "/skey", "/skey/change", "/skey/revocation")),
    *("/env/events", "/env/jobs", "/env/jobs/job"),
    *(f"/organizations/org/environments{rest}" for rest in ("", "/new", "/env/change")),
    *("/organizations/org/audit_log", "/organizations/org/audit_log/aud"),
    "/organizations/org/system_status",
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
DRAWN_ALIKE = ("/env/features", "/env/meters")  # by the templates of /env/products
CONTRAST = '{"runOnly": ["color-contrast"], "resultTypes": ["violations"]}'  # all else knows no theme
MOST_BYTES = 200 * 1024
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class Tour:
    """What was noticed on a walk through all pages, by a page's shape where it is about one."""

    host: str
    titles: dict[str, str] = field(default_factory=dict)
    too_wide: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    barriers: dict[str, list[str]] = field(default_factory=lambda: {"light": [], "dark": []})
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def tour(browser: Browser, stack: Stack) -> Tour:
    """One walk for all that is asked of every page: no page is opened twice."""
    place = make_place("Tour", stack.bootstrap["api_url"], stack.bootstrap["verify_url"])
    with place.api:
        _furnish(place)
        place.post("invitations", {"email": "tour@example.com", "role": "viewer"})
    site = site_of(place, stack)
    tour, page = Tour(urlsplit(site.url).netloc), browser.new_page(reduced_motion="reduce")
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


def _furnish(place: Place) -> None:
    """So that the pages have something to show: limits, a version that is not published, overrides, bounds."""
    plan, license = place.sample["plan"], place.sample["license"]
    terms = {
        "rate_limits": [{"name": "steady", "limit": 100, "period_seconds": 60}],
        "quotas": [{"meter": "requests", "limit": 1000, "period": "month"}],
    }
    place.api.patch(f"/v1/plans/{plan}", json=terms).raise_for_status()
    more = {"overrides": {"features": {"export": False}, **terms}, "metadata": {"contract": "C-77"}}
    place.api.patch(f"/v1/licenses/{license}", json=more).raise_for_status()
    bounds = {"allowed_ips": ["203.0.113.0/24"], "scopes": ["reports:read"], "metadata": {"host": "prod-1"}}
    key = place.post("keys", {"license": license, "name": "Production server", **bounds})["id"]
    place.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})
    place.post("audit_log/verification", status=202)
    whence = {"ip": "203.0.113.7", "method": "GET", "resource": "/v1/reports"}
    now = clock.now()
    days = [Call(now - timedelta(days=days, hours=1), {"requests": 7 * days + 1}, told=whence) for days in range(25)]
    fill(place, [*days, Call(now, outcome="QUOTA_EXCEEDED", told=whence), Call(now, repeat=True)])


def test_every_page_is_reached_by_links(tour: Tour) -> None:
    assert set(tour.titles) >= PAGES


def test_every_page_has_a_title_of_its_own(tour: Tour) -> None:
    assert len(set(tour.titles.values())) == len(tour.titles), tour.titles


def test_no_page_is_called_the_same_in_another_environment(place: Place, member: Client) -> None:
    names = [pattern.name for pattern in patterns() if pattern in of_environment and not pattern.pattern.converters]
    titles = []
    for environment in environments_of(place.environment.organization_id):
        answers = [member.get(reverse(str(name), args=[environment.id])) for name in names]
        titles += [text(page.content.decode().partition("</title>")[0]) for page in answers if page.status_code == 200]
    assert len(titles) > len(names)
    assert len(set(titles)) == len(titles), titles


def test_every_page_fits_a_phone(tour: Tour) -> None:
    assert tour.too_wide == []


def test_the_browser_has_nothing_to_complain_of(tour: Tour) -> None:
    assert tour.complaints == []


def test_no_page_asks_another_host_for_anything(tour: Tour) -> None:
    assert tour.hosts - {""} == {tour.host}  # a `data:` address has no host


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(tour: Tour, scheme: str) -> None:
    assert tour.barriers[scheme] == []


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
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Menu").click()
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
    page.set_viewport_size(PHONE)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        tour.too_wide.append(shape)
    page.set_viewport_size(DESK)
    if shape.startswith(DRAWN_ALIKE):
        return
    page.emulate_media(color_scheme="light")
    light = Axe().run(page)
    page.emulate_media(color_scheme="dark")
    dark = AxeResults(page.evaluate(f"axe.run({CONTRAST})"))
    for scheme, results in (("light", light), ("dark", dark)):
        if results.violations_count:
            tour.barriers[scheme].append(f"{shape}\n{results.generate_report()}")


def _assert_accessible(axe: Axe, page: Page) -> None:
    results = axe.run(page)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def _keep(answers: list[Response], answer: Response) -> None:
    answers.append(answer)


def _bytes(response: Response) -> int:
    return 0 if response.status >= 300 else len(response.body())
