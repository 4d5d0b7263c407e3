"""The page that tells how the installation stands: for whom, of what, and with parts of it away."""

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Site
from tests.dashboard.visiting.reading import rows
from tests.dashboard.visiting.visitors import another_member, browser_of
from tests.licensing.queries.status.away import redis_away, redis_silent
from tests.places import Place


def address(place: Place) -> str:
    return reverse("system_status", args=[place.environment.organization_id])


def shown(page: str) -> dict[str, list[str]]:
    """The rows by their first cell."""
    return {row[0]: row[1:] for row in rows(page) if row}


def test_a_stranger_signs_in_first(place: Place) -> None:
    answer = Client(headers={"host": "127.0.0.1"}).get(address(place))
    assert (answer.status_code, answer.headers["Location"][:16]) == (302, "/accounts/login/")


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("admin", 200), ("developer", 403), ("billing", 403), ("viewer", 403)]
)
def test_only_owners_and_admins_see_it(place: Place, role: str, status: int) -> None:
    answer = browser_of(another_member(place, role)).get(address(place))
    assert answer.status_code == status
    assert ("System status" in answer.content.decode()) == (status == 200)


def test_every_part_has_a_line_and_nothing_names_a_host_or_a_tenant(
    place: Place, new_place: Callable[[], Place], member: Client
) -> None:
    other = new_place()
    other.verify()
    page = member.get(address(place)).content.decode()
    assert shown(page)["Redis"][0] == "Well"
    assert shown(page)["PostgreSQL"][0] == "Well"
    assert len(shown(page)) > 10  # and at least one process
    for hidden in (socket.gethostname(), "127.0.0.1", os.environ["LICET_HOME"], other.document["organization"]):
        assert hidden not in page.partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize("away", [redis_away, redis_silent], ids=["nobody there", "silent"])
def test_without_redis_the_page_says_so_and_what_to_do(
    place: Place, member: Client, away: Callable[[], AbstractContextManager[None]]
) -> None:
    with away():
        answer = member.get(address(place))
    assert answer.status_code == 200
    found = shown(answer.content.decode())
    assert found["Redis"][0] == "Act"
    assert "Does not answer within a second. Start it" in found["Redis"][1]
    assert found["Drain"] == ["Unknown", "Redis does not say what waits."]
    assert found["PostgreSQL"][0] == "Well"


def test_it_shows_itself_anew_with_javascript_and_without(site: Site, new_page: Callable[..., Page]) -> None:
    url = f"{site.url}/organizations/{site.organization}/system_status"
    scripted = new_page()
    site.sign_in(scripted)
    scripted.goto(url)
    first = scripted.locator("#parts time").first.get_attribute("datetime") or ""
    expect(scripted.locator("#parts time").first).not_to_have_attribute("datetime", first, timeout=10_000)
    assert scripted.locator("main h1").count() == 1  # the parts alone were put in
    plain = new_page(java_script_enabled=False)
    site.sign_in(plain)
    plain.goto(url)
    refreshing = plain.locator("meta[http-equiv=refresh]")
    expect(refreshing).to_have_attribute("content", "10")
