"""Seats are exact, nobody is kicked, and what has too few of them is flagged, told once, and clears by itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from licensing.actions.keys import change_key
from licensing.actions.licenses import change_license, reinstate_license, suspend_license
from licensing.actions.seats import settle_license
from tenants import clock
from tenants.rules.permissions import system
from tests.licensing.seated import license_of, row_id, seated, seated_plan, seats_and_taken, told
from tests.places import Place

DAY = timedelta(days=1)


def ask(place: Place, license: str, **fields: Any) -> int:
    return place.api.post("/v1/keys", json={"license": license, **fields}).status_code


def change(place: Place, path: str, **fields: Any) -> int:
    return place.api.patch(f"/v1/{path}", json=fields).status_code


def test_a_key_too_many_is_refused_and_says_what_to_do(place: Place) -> None:
    license = seated(place, "key", 1)
    key = place.post("keys", {"license": license})["id"]
    place.post(f"keys/{key}/suspension", {}, status=200)
    refused = place.api.post("/v1/keys", json={"license": license})
    assert (refused.status_code, refused.json()["code"]) == (409, "seat_limit_reached")
    assert "raise its quantity" in refused.json()["detail"]
    assert told(place, license) == ["license.created"]
    place.post(f"keys/{key}/revocation", {}, status=200)
    assert ask(place, license) == 201


@pytest.mark.parametrize("policy", ["key", "user"])
def test_seats_are_exact_under_concurrency(place: Place, policy: str) -> None:
    license = seated(place, policy, 3)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda number: ask(place, license, user=f"u_{number}"), range(12)))
    assert (codes.count(201), codes.count(409)) == (3, 9)
    assert license_of(place, license)["over_limit"] is None


def test_users_take_seats_however_many_keys_they_have(place: Place) -> None:
    license = seated(place, "user", 1)
    assert [ask(place, license, user=user) for user in ("u_1", "u_1", None, "u_2")] == [201, 201, 201, 409]
    key = place.post("keys", {"license": license})["id"]
    assert [change(place, f"keys/{key}", user=user) for user in ("u_2", "u_1", None)] == [409, 200, 200]


def test_a_rotation_gives_nobody_else_the_seat_of_its_user(place: Place) -> None:
    license = seated(place, "user", 1)
    key = place.post("keys", {"license": license, "user": "u_1"})["id"]
    successor = place.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})["id"]
    assert license_of(place, license)["over_limit"] is None
    assert change(place, f"keys/{successor}", user="u_2") == 409
    place.post(f"keys/{key}/revocation", {}, status=200)
    assert change(place, f"keys/{successor}", user="u_2") == 200


def test_no_way_around_takes_a_seat_that_there_is_not(place: Place) -> None:
    license = seated(place, "key", 2)
    key = place.post("keys", {"license": license, "expires_at": "2090-01-01T00:00:00Z"})["id"]
    hashes = [sha256(f"{license} {number}".encode()).hexdigest() for number in range(2)]
    keys = [{"license": license, "hash": one, "hash_format": "sha256-hex"} for one in hashes]
    imported = place.api.post("/v1/keys/import", json={"keys": keys})
    assert (imported.status_code, imported.json()["code"]) == (409, "seat_limit_reached")
    place.post("keys/import", {"keys": keys[:1]})
    # What takes no seat more is let through.
    assert change(place, f"keys/{key}", expires_at=None, name="Another") == 200
    place.post(f"keys/{key}/suspension", {}, status=200)
    assert place.api.delete(f"/v1/keys/{key}/suspension").status_code == 200
    assert ask(place, license) == 409


def test_a_key_that_expired_has_left_its_seat_to_others(place: Place) -> None:
    license = seated(place, "key", 1)
    key = place.post("keys", {"license": license})["id"]
    now = clock.now()
    whose: dict[str, Any] = {"within": place.environment, "by": system(), "now": now - DAY}
    change_key(row_id(key), **whose, expires_at=now - timedelta(hours=1))
    assert ask(place, license) == 201
    refused = place.api.patch(f"/v1/keys/{key}", json={"expires_at": None})
    assert (refused.status_code, refused.json()["code"]) == (409, "seat_limit_reached")
    assert place.api.get(f"/v1/keys/{key}").json()["status"] == "expired"


def test_a_rotation_hands_its_seat_on_and_is_never_refused(place: Place) -> None:
    license = seated(place, "key", 1)
    key = place.post("keys", {"license": license})["id"]
    first = place.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})["id"]
    assert license_of(place, license)["over_limit"] is None
    place.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})  # as if the first answer had been lost
    assert seats_and_taken(license_of(place, license)) == (1, 2)
    place.post(f"keys/{first}/revocation", {}, status=200)
    assert license_of(place, license)["over_limit"] is None
    assert told(place, license) == ["license.created", "license.over_limit", "license.updated"]


def test_a_rotated_key_takes_its_seat_again_when_it_stays_or_its_successor_is_gone(place: Place) -> None:
    license = seated(place, "key", 1)
    key = place.post("keys", {"license": license})["id"]
    successor = place.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})["id"]
    assert [change(place, f"keys/{key}", expires_at=end) for end in (None, "2999-01-01T00:00:00Z")] == [409, 409]
    place.post(f"keys/{successor}/revocation", {}, status=200)
    assert license_of(place, license)["over_limit"] is None
    assert ask(place, license) == 409


def test_whoever_has_too_few_seats_is_flagged_once_and_keeps_the_first_deadline(place: Place) -> None:
    license = seated(place, "key", 5)
    secrets = [place.post("keys", {"license": license})["secret"] for _ in range(4)]
    assert [change(place, f"licenses/{license}", quantity=number) for number in (3, 2)] == [200, 200]
    flag = license_of(place, license)["over_limit"]
    assert (flag["seats"], flag["taken"]) == (2, 4)
    expanded = place.api.get("/v1/keys", params={"license": license, "expand": "license"}).json()["data"]
    assert [key["license"]["over_limit"] for key in expanded] == [flag] * 4
    assert datetime.fromisoformat(flag["ends_at"]) - datetime.fromisoformat(flag["since"]) == 14 * DAY
    place.verify_until("VALID", key=secrets[0])
    assert [place.verify(key=secret)["warnings"] for secret in secrets] == [["OVER_LIMIT"]] * 4
    assert change(place, f"licenses/{license}", quantity=4) == 200
    assert license_of(place, license)["over_limit"] is None
    assert told(place, license) == [
        *("license.created", "license.updated", "license.over_limit", "license.updated", "license.updated"),
        "license.updated",
    ]


def test_from_its_deadline_on_it_is_suspended_until_it_fits(place: Place) -> None:
    license = seated(place, "key", 2, over_limit_days=0)
    keys = [place.post("keys", {"license": license}) for _ in range(2)]
    change(place, f"licenses/{license}", quantity=1)
    shown = license_of(place, license)
    assert (shown["status"], shown["status_reason"]) == ("suspended", "over_limit")
    assert "raise its quantity" in place.verify_until("LICENSE_SUSPENDED", key=keys[0]["secret"])["detail"]
    place.post(f"keys/{keys[1]['id']}/revocation", {}, status=200)
    place.verify_until("VALID", key=keys[0]["secret"])
    assert told(place, license)[2:] == ["license.over_limit", "license.suspended", "license.reinstated"]


def test_another_plan_or_version_counts_by_its_own_terms(place: Place) -> None:
    license = seated(place, "none", 1)
    for _ in range(2):
        assert ask(place, license) == 201
    path = f"/v1/licenses/{license}/plan"
    counting, other = (seated_plan(place, policy, over_limit_days=None) for policy in ("key", "none"))
    flag = place.api.put(path, json={"plan": counting}).json()["over_limit"]
    assert (flag["seats"], flag["taken"], flag["ends_at"]) == (1, 2, None)
    assert place.api.put(path, json={"plan": other}).json()["over_limit"] is None


def test_what_else_suspends_it_is_told_beside_and_the_last_word_is_what_is_so(place: Place) -> None:
    license = seated(place, "key", 2)
    for _ in range(2):
        assert ask(place, license) == 201
    whose: dict[str, Any] = {"within": place.environment, "by": system()}
    now, row = clock.now(), row_id(license)
    suspend_license(row, **whose, now=now - 20 * DAY)
    change_license(row, **whose, now=now - 20 * DAY, quantity=1)
    settle_license(row, **whose, now=now)
    reinstate_license(row, **whose, now=now)
    suspend_license(row, **whose, now=now)
    reinstate_license(row, **whose, now=now)
    change_license(row, **whose, now=now, quantity=2)
    assert told(place, license)[3:] == [
        *("license.over_limit", "license.reinstated", "license.suspended"),
        *("license.suspended", "license.reinstated", "license.suspended", "license.updated", "license.reinstated"),
    ]
