"""GET /v1/usage as a back end asks it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants import clock
from tests.licensing.usage_rows import Call, fill
from tests.places import Place
from verify.ground.ids import new

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
MARCH = {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}


def page(place: Place, **asked: Any) -> dict[str, Any]:
    answer = place.api.get("/v1/usage", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows(place: Place, **asked: Any) -> list[dict[str, Any]]:
    found = page(place, **MARCH | asked)
    assert (found["object"], found["has_more"], found["next_cursor"]) == ("list", False, None)
    return list(found["data"])


def refused(place: Place, **asked: Any) -> tuple[str, str]:
    answer = place.api.get("/v1/usage", params=asked)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["detail"]


def test_without_window_and_group_it_is_one_row_and_0_if_nothing_was_used(place: Place) -> None:
    assert rows(place) == [{"start": "2026-03-01T00:00:00.000Z", "end": "2026-04-01T00:00:00.000Z", "value": 0}]
    assert rows(place, group_by="key") == rows(place, window="day") == []


def test_times_are_rounded_to_the_hour_and_the_row_shows_it(place: Place) -> None:
    fill(place, [Call(NOON - timedelta(milliseconds=1)), Call(NOON), Call(NOON + timedelta(minutes=59))])
    (row,) = rows(place, start="2026-03-15T12:30:00Z", end="2026-03-15T13:35:10+01:00")
    assert row == {"start": "2026-03-15T12:00:00.000Z", "end": "2026-03-15T13:00:00.000Z", "value": 2}


def test_by_default_it_is_the_last_thirty_days_of_requests(place: Place) -> None:
    now = clock.now()
    place.post("meters", {"code": "pages", "name": "Pages", "aggregation": "sum"})
    ages = [timedelta(0), timedelta(days=29), timedelta(days=31)]
    fill(place, [Call(now - age, {"requests": 1, "pages": 5}) for age in ages])
    (row,) = page(place)["data"]
    start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    assert (row["value"], end - start) == (2, timedelta(days=30))
    assert now <= end < now + timedelta(hours=2)


def test_the_first_and_the_last_window_are_cut(place: Place) -> None:
    fill(place, [Call(NOON), Call(NOON.replace(day=20)), Call(NOON.replace(month=4))])
    asked = {"start": "2026-03-15T10:00:00Z", "end": "2026-04-15T13:00:00Z"}
    months = [(row["start"], row["end"], row["value"]) for row in rows(place, **asked, window="month")]
    assert months == [
        ("2026-03-15T10:00:00.000Z", "2026-04-01T00:00:00.000Z", 2),
        ("2026-04-01T00:00:00.000Z", "2026-04-15T13:00:00.000Z", 1),
    ]
    days = [(row["start"], row["end"]) for row in rows(place, **asked, window="day")]
    assert days[1] == ("2026-03-20T00:00:00.000Z", "2026-03-21T00:00:00.000Z")


def test_groups_are_ids_and_codes(place: Place) -> None:
    fill(place, [Call(NOON, features=["export", "import"]), Call(NOON), Call(NOON, outcome="QUOTA_EXCEEDED")])
    (row,) = rows(place, group_by="key,license,customer,meter")
    names = {name: place.sample[name] for name in ("key", "license", "customer")}
    assert (row["group"], row["value"]) == (names | {"meter": "requests"}, 2)
    by_feature = [(row["group"]["feature"], row["value"]) for row in rows(place, group_by="feature")]
    assert by_feature == [(None, 1), ("export", 1), ("import", 1)]
    by_outcome = [(row["group"], row["value"]) for row in rows(place, group_by="outcome")]
    assert by_outcome == [({"outcome": "QUOTA_EXCEEDED"}, 1), ({"outcome": "VALID"}, 2)]


def test_a_meter_that_is_max_shows_its_largest(place: Place) -> None:
    place.post("meters", {"code": "depth", "name": "Depth", "aggregation": "max"})
    fill(place, [Call(NOON, {"depth": 4, "requests": 1}), Call(NOON, {"depth": 9, "requests": 1})])
    assert [row["value"] for row in rows(place, meter="depth")] == [9]
    by_meter = {row["group"]["meter"]: row["value"] for row in rows(place, group_by="meter")}
    assert by_meter == {"depth": 9, "requests": 2}


@pytest.mark.parametrize("aggregation", ["unique", "latest"])
def test_what_no_sum_can_tell_is_said_to_come_later(place: Place, aggregation: str) -> None:
    place.post("meters", {"code": "people", "name": "People", "aggregation": aggregation})
    fill(place, [Call(NOON, {"people": 4})])
    pointer, detail = refused(place, meter="people")
    assert (pointer, "later release" in detail) == ("/meter", True)
    assert rows(place, group_by="meter") == []


def test_it_is_narrowed_to_a_license_or_a_customer(place: Place) -> None:
    customer = place.post("customers", {"name": "Another"})["id"]
    license_id = place.post("licenses", {"customer": customer, "plan": place.sample["plan"]})["id"]
    key = place.post("keys", {"license": license_id})["id"]
    fill(
        place,
        [Call(NOON), Call(NOON, {"requests": 5}, subject={"customer": customer, "license": license_id, "key": key})],
    )
    assert [row["value"] for row in rows(place)] == [6]
    assert [row["value"] for row in rows(place, license=license_id)] == [5]
    assert [row["value"] for row in rows(place, customer=place.sample["customer"])] == [1]
    assert refused(place, license=license_id, customer=customer)[0] == "/customer"


def test_anothers_license_is_as_one_that_is_not_there(new_place: Callable[[], Place]) -> None:
    mine, theirs = new_place(), new_place()
    fill(theirs, [Call(NOON)])
    for name, prefix in (("license", "lic"), ("customer", "cus")):
        told = [rows(mine, **{name: one}) for one in (theirs.sample[name], new(prefix))]
        assert told[0] == told[1] == rows(mine)
        assert rows(mine, **{name: theirs.sample[name]}, group_by=name) == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"meter": "nothing"}, "/meter"),
        ({"meter": ""}, "/meter"),
        ({"license": "cus_x"}, "/license"),
        ({"window": "week"}, "/window"),
        ({"group_by": "key,color"}, "/group_by"),
        ({"group_by": ""}, "/group_by"),
        ({"group_by": "properties.region"}, "/group_by"),
        ({"start": "yesterday"}, "/start"),
        ({"end": "9999-12-31T23:59:59Z"}, "/end"),
        ({"end": "1970-01-01T00:00:00Z"}, "/end"),
        ({"start": "2026-03-02T00:00:00Z", "end": "2026-03-01T00:00:00Z"}, "/start"),
        ({"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T00:00:00Z"}, "/start"),
        ({"start": "2015-03-02T00:00:00Z", "end": "2026-03-02T00:00:00Z"}, "/start"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-03-02T00:00:00Z", "window": "hour"}, "/start"),
        ({"cursor": "WyIiXQ:x"}, "/cursor"),
        ({"meters": "requests"}, "/meters"),
    ],
)
def test_what_is_wrong_is_named(place: Place, asked: dict[str, str], pointer: str) -> None:
    assert refused(place, **asked)[0] == pointer


def test_all_that_is_wrong_is_told_at_once(place: Place) -> None:
    answer = place.api.get("/v1/usage?meter=nothing&window=week&limit=0&colour=red")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/meter", "/window", "/limit", "/colour"}


def test_pages_keep_the_times_that_the_first_was_asked_for(place: Place) -> None:
    now = clock.now()
    fill(place, [Call(now - timedelta(hours=hours)) for hours in range(7)])
    seen: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"window": "hour", "limit": 3}
    while True:
        found = page(place, **asked)
        seen += found["data"]
        if not found["has_more"]:
            break
        asked["cursor"] = found["next_cursor"]
        fill(place, [Call(now - timedelta(days=20), subject={"key": new("key")})])  # before the place, so not shown
    assert [row["value"] for row in seen] == [1] * 7
    assert len({row["start"] for row in seen}) == 7
    other = place.api.get("/v1/usage", params=asked | {"window": "day"})
    assert other.json()["errors"][0]["pointer"] == "/cursor"


def test_it_needs_its_own_scope(place: Place) -> None:
    for scope, status in (("usage:read", 200), ("licenses:read", 403), ("*", 200)):
        secret = place.post("secret_keys", {"name": scope, "scopes": [scope]})["secret"]
        answer = place.api.get("/v1/usage", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status, scope
    assert place.api.get("/v1/usage/use_x").status_code == 404
    assert place.api.post("/v1/usage", json={}).status_code == 405
