"""Which sections a member is offered, and which is marked."""

from collections.abc import Callable

import pytest
from django.urls import resolve
from playwright.sync_api import Page, expect

from dashboard.navigation import OF_ENVIRONMENT, OF_ORGANIZATION, Link, Section, links, navigation, section_of
from dashboard.views.viewer import Viewer
from tenants.models import Environment, User
from tenants.queries.lookup import Membership
from tests.dashboard.conftest import Site
from verify.ground.ids import new_uuid

ENVIRONMENT = Environment(organization_id=new_uuid(), name="test", kind="test")


def viewer(role: str) -> Viewer:
    environment = ENVIRONMENT
    membership = Membership(new_uuid(), environment.organization_id, "Acme", role)
    return Viewer(User(), membership, environment, [environment], [membership])


def offered(role: str, path: str = "/") -> dict[str, Link]:
    return {link.name: link for group in navigation(viewer(role), path) for link in group.links}


def test_every_section_that_is_offered_is_a_page() -> None:
    for link in offered("owner").values():
        assert resolve(link.href)


def test_only_what_the_role_permits_is_offered() -> None:
    secret = Section("Secret", "licenses", "organization:read", "boxes")
    here = {"environment_id": ENVIRONMENT.id}
    assert [link.name for link in links((secret,), here, viewer("developer"), "/")] == ["Secret"]
    assert links((secret,), here, viewer("viewer"), "/") == []
    assert not {section.name for section in OF_ORGANIZATION} & set(offered("viewer"))


@pytest.mark.parametrize(
    ("below", "current"),
    [("licenses", "page"), ("licenses/lic_1", "true"), ("keys/key_1/revocation", "true"), ("licensesque", "")],
)
def test_the_section_of_a_page_is_marked_and_no_other(below: str, current: str) -> None:
    found = offered("owner", f"/{ENVIRONMENT.public_id}/{below}")
    assert found["Licenses"].current == current
    assert {link.current for name, link in found.items() if name != "Licenses"} <= {""}


def test_another_environment_opens_at_the_same_section() -> None:
    def opened(path: str) -> str:
        return section_of(navigation(viewer("owner"), path))

    here = f"/{ENVIRONMENT.public_id}"
    assert opened(f"{here}/plans") == "plans"
    assert opened(f"{here}/keys/key_1") == "licenses"
    assert opened("/organizations/org_1/members") == "licenses"


def test_no_two_sections_share_an_address() -> None:
    names = [section.url_name for section in (*OF_ENVIRONMENT, *OF_ORGANIZATION)]
    assert len(set(names)) == len(names)


def test_in_a_narrow_window_the_sections_are_a_menu_that_needs_no_script(
    site: Site, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    site.sign_in(page)
    sections = page.get_by_role("navigation", name="Sections")
    expect(sections).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(sections.get_by_role("link", name="Licenses")).to_have_attribute("aria-current", "page")
    sections.get_by_role("link", name="Plans").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plans")
    expect(sections).to_be_hidden()
