"""What the clock brings of seats is told once: a deadline, a key that expired, a plan that was published for all."""

from datetime import timedelta
from typing import Any

import pytest

from licensing.actions.clock import seats
from licensing.actions.keys import change_key
from licensing.actions.licenses import change_license
from tenants import clock
from tenants.rules.permissions import system
from tests.licensing.seated import license_of, row_id, seated, told
from tests.places import Place

DAY = timedelta(days=1)


def crowded(place: Place, *, since: timedelta) -> tuple[str, list[dict[str, Any]]]:
    """A license that had two seats until it had one, and its keys."""
    license = seated(place, "key", 2)
    keys = [place.post("keys", {"license": license}) for _ in range(2)]
    whose: dict[str, Any] = {"within": place.environment, "by": system(), "now": clock.now() - since}
    change_license(row_id(license), **whose, quantity=1)
    return license, keys


def test_the_deadline_needs_no_round_and_a_round_tells_it_once(place: Place) -> None:
    license, keys = crowded(place, since=14 * DAY)
    assert license_of(place, license)["status_reason"] == "over_limit"
    place.verify_until("LICENSE_SUSPENDED", key=keys[0]["secret"])
    for _ in range(2):
        seats.settle_what_came(now=clock.now())
    assert told(place, license)[2:] == ["license.over_limit", "license.suspended"]


def test_a_key_that_expires_leaves_its_seat(place: Place) -> None:
    license, keys = crowded(place, since=DAY)
    now = clock.now()
    whose: dict[str, Any] = {"within": place.environment, "by": system()}
    change_key(row_id(keys[0]["id"]), **whose, now=now - DAY, expires_at=now - timedelta(hours=1))
    for _ in range(2):
        seats.settle_what_came(now=now)
    assert license_of(place, license)["over_limit"] is None
    assert told(place, license)[2:] == ["license.over_limit", "license.updated"]


def test_a_plan_published_for_all_is_looked_at_in_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "BATCH", 2)
    plan = place.api.get(f"/v1/licenses/{seated(place, 'none', 1)}").json()["plan"]
    sold = {"customer": place.sample["customer"], "plan": plan}
    licenses = [place.post("licenses", sold)["id"] for _ in range(4)]
    for license in licenses[::2]:
        for _ in range(2):
            place.post("keys", {"license": license})
    place.api.patch(f"/v1/plans/{plan}", json={"seat_policy": "key"}).raise_for_status()
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    for _ in range(2):
        seats.settle_what_came(now=clock.now())
    assert [license_of(place, one)["over_limit"] is not None for one in licenses] == [True, False, True, False]
    place.api.patch(f"/v1/plans/{plan}", json={"seat_policy": "none"}).raise_for_status()
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    seats.settle_what_came(now=clock.now())
    assert {license_of(place, one)["over_limit"] for one in licenses} == {None}
    assert told(place, licenses[0]) == ["license.created", "license.over_limit", "license.updated"]
