"""Decisions page by page, newest first."""

from datetime import timedelta

from licensing.models import Decision
from licensing.queries.decisions import KEPT, After, decisions_of, page_after
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.licensing.usage_rows import Call, fill, id_of
from tests.places import Place


def test_pages_are_the_whole_newest_first_also_where_calls_share_a_moment(place: Place) -> None:
    now = clock.now()
    calls = [Call(now - timedelta(seconds=number // 4), {}) for number in range(30)]
    fill(place, calls)
    seen: list[Decision] = []
    with tenant_transaction(place.environment.organization_id):
        rows = decisions_of("key_id", id_of(place.sample["key"]), place.environment, now)
        while some := page_after(rows, After(seen[-1].decided_at, seen[-1].id) if seen else None, 7):
            seen += some
    assert [row.id for row in seen] == [call.id for call in sorted(calls, key=lambda one: (one.at, one.id))[::-1]]


def test_what_is_older_than_thirty_days_is_not_shown(place: Place) -> None:
    now = clock.now()
    fill(place, [Call(now - KEPT, {}), Call(now - KEPT + timedelta(milliseconds=1), {})])
    with tenant_transaction(place.environment.organization_id):
        rows = decisions_of("license_id", id_of(place.sample["license"]), place.environment, now)
        assert [row.decided_at for row in rows] == [now - KEPT + timedelta(milliseconds=1)]
