"""The clock's news: each end is announced once, by however many sweeps, early, late or at once.

The running copy's own sweep passes every minute, and looks three days ahead: what it must not tell ends later.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from licensing.actions.clock.endings import announce_endings
from licensing.tasks import announce_endings as task
from tenants import clock
from tests.places import Place
from tests.tenants.actions.chains import administrator, role, until, until_sequenced
from tests.tenants.actions.together import at_once
from verify.answer import rfc3339
from verify.ground.ids import decode

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return clock.now()


def told(place: Place, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """The clock's events of one object, in order: those that no request caused."""
    until_sequenced(place.environment.organization_id)
    found = place.api.get("/v1/events", params={"subject": subject, "limit": 100}).json()["data"]
    return [(event["type"], event["data"]) for event in found if event["request_id"] is None]


def told_types(place: Place, subject: str) -> list[str]:
    return [type_ for type_, _ in told(place, subject)]


def text(moment: datetime) -> str:
    return str(rfc3339(clock.milliseconds(moment)))


def license(place: Place, **fields: Any) -> str:
    bought = {"customer": place.sample["customer"], "plan": place.sample["plan"], **fields}
    made: str = place.post("licenses", bought)["id"]
    return made


def key(place: Place, of: str, end: datetime) -> str:
    made: str = place.post("keys", {"license": of, "expires_at": text(end)})["id"]
    return made


def test_an_end_is_told_once_when_it_is_near_and_once_when_it_has_passed(place: Place, now: datetime) -> None:
    end = now + 3 * DAY + HOUR
    row = license(place, expires_at=text(end))
    for moment in (now, end - 3 * DAY - timedelta(milliseconds=1)):
        announce_endings(now=moment)
    assert told(place, row) == []
    for moment in (end - 3 * DAY, end - DAY):
        announce_endings(now=moment)
    assert told(place, row) == [("license.expiring", {"expires_at": text(end)})]
    for moment in (end, end + DAY):
        announce_endings(now=moment)
    assert told(place, row)[1:] == [("license.expired", {"ended_at": text(end), "reason": "expired"})]


def test_a_renewed_license_is_announced_again_for_its_new_end(place: Place, now: datetime) -> None:
    near = now + 9 * DAY
    row, later = license(place, expires_at=text(near + DAY)), near + 2 * DAY
    announce_endings(now=near)
    place.post(f"licenses/{row}/renewal", {"expires_at": text(later)}, status=200)
    announce_endings(now=near)
    announce_endings(now=later)
    assert [data.get("expires_at", data.get("ended_at")) for _, data in told(place, row)] == [
        text(near + DAY),
        text(later),
        text(later),
    ]


def test_a_trial_is_told_of_as_a_trial(place: Place, now: datetime) -> None:
    terms = {"product": place.api.get("/v1/products").json()["data"][0]["id"], "trial_days": 10, "duration_days": 30}
    plan = place.post("plans", {"code": "trial", "name": "Trial", **terms})["id"]
    row = license(place, plan=plan, starts_at=text(now))
    announce_endings(now=now + 9 * DAY)
    announce_endings(now=now + 10 * DAY)
    announce_endings(now=now + 29 * DAY)  # its other end is no news any more
    assert told(place, row) == [
        ("license.trial_ending", {"trial_ends_at": text(now + 10 * DAY)}),
        ("license.expired", {"ended_at": text(now + 10 * DAY), "reason": "trial_ended"}),
    ]


def test_a_key_is_told_of_once_for_each_end(place: Place, now: datetime) -> None:
    near, license_id = now + 8 * DAY, place.sample["license"]
    row = key(place, license_id, near + 2 * DAY)
    announce_endings(now=near)
    announce_endings(now=near + DAY)
    place.api.patch(f"/v1/keys/{row}", json={"expires_at": text(near + DAY)}).raise_for_status()
    announce_endings(now=near)
    assert told(place, row) == [
        ("key.expiring", {"license": license_id, "expires_at": text(near + 2 * DAY)}),
        ("key.expiring", {"license": license_id, "expires_at": text(near + DAY)}),
    ]


def test_what_is_suspended_or_revoked_is_told_of_when_it_is_open_again(place: Place, now: datetime) -> None:
    end = now + 10 * DAY
    suspended, revoked, holder = *(license(place, expires_at=text(end)) for _ in range(2)), license(place)
    keys = [key(place, holder, end) for _ in range(3)]
    place.post(f"licenses/{suspended}/suspension", status=200)
    place.post(f"licenses/{revoked}/revocation", status=200)
    place.post(f"keys/{keys[0]}/suspension", status=200)
    place.post(f"keys/{keys[1]}/revocation", status=200)
    place.post(f"licenses/{holder}/revocation", status=200)
    for moment in (end - DAY, end + DAY):
        announce_endings(now=moment)
        assert [told_types(place, one) for one in (suspended, revoked, *keys)] == [[]] * 5
    place.api.delete(f"/v1/licenses/{suspended}/suspension").raise_for_status()
    announce_endings(now=end + DAY)
    assert told_types(place, suspended) == ["license.expired"]


def test_a_late_sweep_tells_what_still_holds(place: Place, now: datetime) -> None:
    rows = [license(place, expires_at=text(now + ahead)) for ahead in (5 * DAY, 10 * DAY, 40 * DAY)]
    announce_endings(now=now + 39 * DAY)
    assert [told_types(place, row) for row in rows] == [[], ["license.expired"], ["license.expiring"]]


def test_many_sweeps_at_once_tell_once(place: Place, now: datetime) -> None:
    near = now + 9 * DAY
    rows = [license(place, expires_at=text(near + DAY + HOUR)) for _ in range(20)]
    assert at_once(*[partial(announce_endings, now=near)] * 4) == ["done"] * 4
    announce_endings(now=near)  # whatever they left to each other
    assert [told_types(place, row) for row in rows] == [["license.expiring"]] * 20


def test_what_is_being_changed_is_left_to_the_next_sweep(place: Place, now: datetime) -> None:
    row, near = license(place, expires_at=text(now + 10 * DAY)), now + 9 * DAY
    with role("DATABASE_URL", place.environment.organization_id) as other:
        other.execute("SELECT FROM licenses WHERE id = %s FOR UPDATE", [decode("lic", row)])
        announce_endings(now=near)
        assert told(place, row) == []
    announce_endings(now=near)
    assert told_types(place, row) == ["license.expiring"]


def test_the_database_itself_refuses_a_second_telling(place: Place, now: datetime) -> None:
    row = license(place, expires_at=text(now + 10 * DAY))
    announce_endings(now=now + 9 * DAY)
    with administrator() as connection, pytest.raises(psycopg.errors.UniqueViolation, match="events_occasion_once"):
        connection.execute(
            "INSERT INTO events (id, organization_id, environment_id, type, subject_id, data, occasion, created_at) "
            "SELECT gen_random_uuid(), organization_id, environment_id, type, subject_id, data, occasion, created_at "
            "FROM events WHERE subject_id = %s AND occasion IS NOT NULL",
            [row],
        )


def test_the_worker_tells_of_it(place: Place, now: datetime) -> None:
    row = license(place, expires_at=text(now + DAY))
    task.delay()
    until(lambda: told_types(place, row) == ["license.expiring"])
