"""Events: told in one order that nothing is put before, once each, to readers who page while others write."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tenants import clock
from tenants.actions.tidying import tidy_events
from tenants.models import Event
from tests.places import Place
from tests.tenants.actions.chains import administrator, until, until_sequenced
from verify.ground.ids import decode, new

WRITERS, MOVES = 4, 6


def page(place: Place, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get("/v1/events", params=asked).raise_for_status().json()
    return found


def read_on(place: Place, last: str | None, limit: int) -> Iterator[dict[str, Any]]:
    """All there is after an event, page by page."""
    asked: dict[str, Any] = {"limit": limit} | ({"since": last} if last else {})
    while True:
        found = page(place, **asked)
        yield from found["data"]
        if not found["has_more"]:
            return
        asked["cursor"] = found["next_cursor"]


def keep_moving(place: Place, license_id: str) -> None:
    """Its own client: httpx's is not for several threads."""
    headers = {"Authorization": place.api.headers["Authorization"]}
    with httpx.Client(base_url=place.api.base_url, headers=headers, timeout=20) as api:
        for _ in range(MOVES):
            api.post(f"/v1/licenses/{license_id}/suspension", json={}).raise_for_status()
            api.delete(f"/v1/licenses/{license_id}/suspension").raise_for_status()


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_reader_sees_every_event_once_while_others_write(place: Place, limit: int) -> None:
    bought = {"customer": place.sample["customer"], "plan": place.sample["plan"]}
    licenses = [place.post("licenses", bought)["id"] for _ in range(WRITERS)]
    writers = [threading.Thread(target=keep_moving, args=(place, license_id)) for license_id in licenses]
    for writer in writers:
        writer.start()
    seen: list[dict[str, Any]] = []

    def read() -> bool:
        seen.extend(read_on(place, seen[-1]["id"] if seen else None, limit))
        return len(seen) >= WRITERS * (2 * MOVES + 1) + 2  # and what the seed announced

    until(read)
    for writer in writers:
        writer.join()
    until_sequenced(place.environment.organization_id)
    assert [event["id"] for event in seen] == [event["id"] for event in read_on(place, None, 100)]
    assert len({event["id"] for event in seen}) == len(seen)
    for license_id in licenses:
        types = [event["type"] for event in seen if event["subject"] == license_id]
        assert types == ["license.created"] + ["license.suspended", "license.reinstated"] * MOVES


def test_they_are_narrowed_by_type_and_subject(place: Place) -> None:
    license_id = place.sample["license"]
    place.post(f"licenses/{license_id}/suspension", status=200)
    until_sequenced(place.environment.organization_id)
    assert {event["type"] for event in page(place, subject=license_id)["data"]} == {
        "license.created",
        "license.suspended",
    }
    (suspended,) = page(place, type="license.suspended")["data"]
    assert (suspended["subject"], suspended["data"]) == (license_id, {})
    assert page(place, type="license.suspended", subject=place.sample["key"])["data"] == []
    assert page(place, since=suspended["id"])["data"] == []
    assert page(place, since=suspended["created_at"])["data"] == [suspended]
    (created,) = page(place, type="key.created")["data"]
    assert page(place, type="license.suspended", since=created["id"])["data"] == [suspended]


def test_an_event_names_the_request_that_caused_it(place: Place) -> None:
    answer = place.api.post(f"/v1/licenses/{place.sample['license']}/suspension", json={"reason": "unpaid"})
    until_sequenced(place.environment.organization_id)
    (event,) = page(place, type="license.suspended")["data"]
    assert event == {
        "id": event["id"],
        "type": "license.suspended",
        "subject": place.sample["license"],
        "data": {"reason": "unpaid"},
        "request_id": answer.headers["Request-Id"],
        "created_at": event["created_at"],
    }


@pytest.mark.parametrize("since", ["yesterday", "evt_1", "evt_01m80f5cyxfmsrnq534k2qgnhg"])
def test_to_go_on_from_what_is_not_there_is_refused_and_not_silence(place: Place, since: str) -> None:
    answer = place.api.get("/v1/events", params={"since": since})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/since")


def test_another_tenants_event_is_no_event(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    until_sequenced(others.environment.organization_id)
    theirs = page(others)["data"][0]["id"]
    answers = [mine.api.get("/v1/events", params={"since": event}).json() for event in (theirs, new("evt"))]
    assert answers[0]["errors"] == answers[1]["errors"]
    assert theirs not in {event["id"] for event in page(mine)["data"]}


def test_events_are_kept_for_ninety_days(place: Place) -> None:
    organization_id = place.environment.organization_id
    until_sequenced(organization_id)
    old, *kept = page(place)["data"]
    before = clock.now() - timedelta(days=90)
    with administrator() as connection:
        connection.execute("UPDATE events SET created_at = %s WHERE id = %s", [before, decode("evt", old["id"])])
    assert tidy_events(before=before) == 0
    assert tidy_events(before=before + timedelta(milliseconds=1)) >= 1
    assert page(place)["data"] == kept
    assert Event.objects.across_tenants().filter(organization_id=organization_id).count() == len(kept)


def test_every_change_is_announced_by_its_type(place: Place) -> None:
    """Those that the clock makes are in tests/licensing/actions/test_endings.py."""
    bought = place.post("licenses", {"customer": place.sample["customer"], "plan": place.sample["plan"]})["id"]
    key = place.post("keys", {"license": bought})["id"]
    place.api.patch(f"/v1/licenses/{bought}", json={"quantity": 2}).raise_for_status()
    place.post(f"licenses/{bought}/renewal", {"expires_at": "2099-01-01T00:00:00Z"}, status=200)
    place.post(f"keys/{key}/suspension", status=200)
    place.api.delete(f"/v1/keys/{key}/suspension").raise_for_status()
    successor = place.post(f"keys/{key}/rotation")["id"]
    place.post(f"keys/{successor}/revocation", status=200)
    place.post(f"licenses/{bought}/suspension", status=200)
    place.api.delete(f"/v1/licenses/{bought}/suspension").raise_for_status()
    place.post(f"licenses/{bought}/revocation", status=200)
    plan = place.sample["plan"]
    place.api.patch(f"/v1/plans/{plan}", json={"scopes": []}).raise_for_status()
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    until_sequenced(place.environment.organization_id)
    told = [(event["type"], event["subject"]) for event in page(place, limit=100)["data"]][2:]
    assert told == [
        ("license.created", bought),
        ("key.created", key),
        ("license.updated", bought),
        ("license.renewed", bought),
        ("key.suspended", key),
        ("key.reinstated", key),
        ("key.rotated", key),
        ("key.revoked", successor),
        ("license.suspended", bought),
        ("license.reinstated", bought),
        ("license.revoked", bought),
        ("plan.published", plan),
    ]
