"""The page of events."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.dashboard.visiting.visitors import browser_of, owner_of
from tests.places import Place
from tests.tenants.actions.chains import until_sequenced


@pytest.fixture
def owner(place: Place) -> Client:
    return browser_of(owner_of(place))


def page(place: Place, owner: Client, **sought: str) -> str:
    until_sequenced(place.environment.organization_id)
    answer = owner.get(reverse("events", args=[place.environment.id]), sought)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_newest_is_first_and_what_changed_stands_beside_it(place: Place, owner: Client) -> None:
    place.post(f"licenses/{place.sample['license']}/suspension", {"reason": "unpaid"}, status=200)
    place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"quantity": 7}).raise_for_status()
    shown = page(place, owner)
    assert shown.index("license.updated</code>") < shown.index("license.suspended</code>")
    assert "<del>1</del>" in shown
    assert "<ins>7</ins>" in shown
    assert "unpaid" in shown


def test_they_are_narrowed_in_the_address(place: Place, owner: Client) -> None:
    place.post(f"licenses/{place.sample['license']}/suspension", status=200)
    assert "license.suspended</code>" not in page(place, owner, type="key.created")
    assert "key.created</code>" not in page(place, owner, subject=place.sample["license"])
    assert "No such event" in page(place, owner, until="2001-01-01T00:00")
    assert "license.suspended</code>" in page(place, owner, since="2001-01-01T00:00", type="license.suspended")
    assert "No such event" in page(place, owner, type="license.flown")


def test_older_ones_are_a_link_away_and_stay_narrowed(place: Place, owner: Client) -> None:
    for _ in range(11):
        place.post(f"licenses/{place.sample['license']}/suspension", status=200)
        place.api.delete(f"/v1/licenses/{place.sample['license']}/suspension").raise_for_status()
    first = page(place, owner, subject=place.sample["license"])
    assert first.count('data-label="Type"') == 20
    link = first.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    older = owner.get(reverse("events", args=[place.environment.id]) + link).content.decode()
    assert older.count('data-label="Type"') == 3
    assert "license.created</code>" in older
