"""Pages of usage, decisions and quotas."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from tenants import clock
from tenants.publishing import facts_store
from tests.dashboard.visiting.reading import facts, rows, text
from tests.licensing.usage_rows import Call, fill, used
from tests.places import Place
from tests.tenants.actions.chains import until
from verify.limits.shards import ready_key

QUOTA = {"meter": "requests", "limit": 10, "period": "month"}
RATE = {"name": "steady", "limit": 7, "period_seconds": 3600}


def at(place: Place, path: str) -> str:
    """Of the sample's pages: `license/usage`, `key/decisions`."""
    kind, _, rest = path.partition("/")
    return f"/{place.document['environment']}/{kind}s/{place.sample[kind]}/{rest}".rstrip("/")


def opened(member: Client, url: str) -> str:
    answer = member.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


@contextmanager
def redis_away() -> Iterator[None]:
    """For this process."""
    facts_store.client.cache_clear()
    try:
        with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
            yield
    finally:
        facts_store.client.cache_clear()


def limit(place: Place, **overrides: Any) -> None:
    """And waits until verify knows."""
    until(lambda: facts_store.client().exists(ready_key(0)))
    answer = place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": overrides})
    revision = int(answer.raise_for_status().headers["Licet-Revision"])
    while place.verify(usage={})["revision"] < revision:
        pass


@pytest.mark.parametrize("kind", ["license", "key"])
def test_a_bar_and_a_row_for_each_day(place: Place, member: Client, kind: str) -> None:
    now = clock.now()
    fill(place, [Call(now, {"requests": 4}), Call(now - timedelta(days=29), {"requests": 1200})])
    page = opened(member, at(place, f"{kind}/usage"))
    days = rows(page)
    assert (len(days), days[0][1:], days[-1][1:]) == (30, ["4", "0"], ["1,200", "0"])
    assert page.partition('role="img"')[2].partition("</svg>")[0].count("<rect") == 2
    assert '<title id="chart-title">requests per day</title>' in page
    assert "1,204" in text(page)


def test_meter_and_period_are_chosen_by_the_address(place: Place, member: Client) -> None:
    place.post("meters", {"code": "pages", "name": "Pages", "aggregation": "max"})
    place.post("meters", {"code": "people", "name": "People", "aggregation": "unique"})
    fill(place, [Call(clock.now(), {"requests": 1, "pages": 5}), Call(clock.now(), {"pages": 8})])
    page = opened(member, at(place, "license/usage?meter=pages&days=7"))
    assert (len(rows(page)), rows(page)[0][1]) == (7, "8")
    assert '<option value="pages" selected>' in page
    assert 'value="people"' not in page  # what no sum can tell has no chart
    for nonsense in ("meter=nothing", "days=5000", "days=x&meter=%00"):
        assert len(rows(opened(member, at(place, f"license/usage?{nonsense}")))) in (7, 30)


def test_what_was_refused_is_beside_what_was_used(place: Place, member: Client) -> None:
    calls = [Call(clock.now(), outcome="QUOTA_EXCEEDED", usage={"requests": 40}), Call(clock.now())]
    fill(place, calls)
    page = opened(member, at(place, "key/usage"))
    assert rows(page)[0][1:] == ["1", "40"]
    assert "QUOTA_EXCEEDED 40 asked for and refused" in text(page)


def test_another_keys_usage_is_not_shown(place: Place, member: Client) -> None:
    other = place.post("keys", {"license": place.sample["license"]})["id"]
    fill(place, [Call(clock.now(), subject={"key": other})])
    assert rows(opened(member, at(place, "license/usage")))[0][1] == "1"
    assert rows(opened(member, at(place, "key/usage")))[0][1] == "0"


def test_quotas_say_what_is_left_and_until_when(place: Place, member: Client) -> None:
    limit(place, quotas=[QUOTA], rate_limits=[RATE])
    for _ in range(9):
        place.verify()
    page = opened(member, at(place, "license/usage"))
    said = facts(page)
    assert (said["Limit"], said["Used"], said["Remaining"], said["Beyond it"]) == ("10", "7", "3", "Denied")
    assert said["Resets"].endswith("00:00 UTC")
    assert 'value="7"' in page
    assert "steady 0" in text(page)


def test_while_redis_is_away_the_rest_is_shown(place: Place, member: Client) -> None:
    limit(place, quotas=[QUOTA], rate_limits=[RATE])
    fill(place, [Call(clock.now())])
    with redis_away():
        page = opened(member, at(place, "license/usage"))
    assert "The counters cannot be read at the moment" in text(page)
    assert rows(page)[0][1] == "1"
    assert "requests: 10 per month, per license; more is denied" in text(page)
    assert "<meter" not in page


def test_decisions_tell_what_each_call_said_of_itself(place: Place, member: Client) -> None:
    told = {"ip": "203.0.113.7", "method": "GET", "resource": "/v1/reports<b>"}
    fill(place, [Call(clock.now() - timedelta(minutes=1), told=told), Call(clock.now(), {}, repeat=True)])
    newest, oldest = rows(opened(member, at(place, "key/decisions")))
    assert (newest[1:3], oldest[1:3]) == (["VALID Repeat", "None"], ["VALID", "requests 1"])
    assert oldest[3] == "GET /v1/reports<b> 203.0.113.7"
    assert "req_" in oldest[0]
    assert place.sample["key"] in rows(opened(member, at(place, "license/decisions")))[0][-1]


def test_decisions_are_paged_and_narrowed_by_outcome(place: Place, member: Client) -> None:
    now = clock.now()
    outcomes = ["VALID", "RATE_LIMITED"]
    fill(place, [Call(now - timedelta(minutes=n), {}, outcome=outcomes[n % 2]) for n in range(50)])
    url, seen = at(place, "license/decisions?outcome=RATE_LIMITED"), 0
    while url:
        page = opened(member, url)
        seen += len(rows(page))
        assert {row[1] for row in rows(page)} == {"RATE_LIMITED"}
        older = [part for part in page.split('href="') if 'rel="next"' in part[:400] and part.startswith("?")]
        url = at(place, "license/decisions") + older[0].split('"')[0].replace("&amp;", "&") if older else ""
    assert seen == 25
    assert member.get(at(place, "license/decisions?cursor=forged")).status_code == 404
    assert "No such decision" in opened(member, at(place, "key/decisions?outcome=KEY_EXPIRED"))


def test_the_page_of_a_key_says_when_it_was_last_used(place: Place, member: Client) -> None:
    assert facts(opened(member, at(place, "key")))["Last used"] == "Never"
    used(place, place.sample["key"], clock.now())
    assert facts(opened(member, at(place, "key")))["Last used"].endswith("UTC")
