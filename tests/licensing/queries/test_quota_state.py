"""Where limits and quotas stand, as the control plane reads it from the counters that verify keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from licensing.actions.billing import issue_billed_license
from licensing.models import Key, License
from licensing.queries.licenses import found, granted
from licensing.queries.quota_state import CountersAway, States, states
from licensing.rules.billing import Billing, Period
from tenants import clock
from tenants.clock import milliseconds
from tenants.publishing import facts_store
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.licensing.usage_rows import id_of
from tests.places import Place
from tests.tenants.actions.chains import until
from verify.answer import rfc3339
from verify.license_status import BillingState
from verify.limits.shards import ready_key

TERMS = {
    "rate_limits": [
        {"name": "steady", "limit": 10, "period_seconds": 3600},
        {"name": "each", "limit": 5, "period_seconds": 3600, "per": "key"},
    ],
    "quotas": [
        {"meter": "requests", "limit": 100, "period": "month"},
        {"meter": "requests", "limit": 3, "period": "lifetime", "overage": "allow", "per": "customer"},
        {"meter": "requests", "limit": 50, "period": "day"},
    ],
}


@pytest.fixture
def limited(place: Place) -> Place:
    """Its sample license has limits, and the drain says that counters are whole."""
    until(lambda: facts_store.client().exists(ready_key(0)))
    revised = place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": TERMS})
    revision = int(revised.raise_for_status().headers["Licet-Revision"])
    while place.verify(usage={})["revision"] < revision:
        pass
    return place


def seen(place: Place, *, with_key: bool = False, of: str = "", key_id: str = "") -> States:
    """Of the sample license, or of another."""
    now = clock.now()
    with tenant_transaction(place.environment.organization_id):
        license = found(id_of(of or place.sample["license"]), place.environment, now)
        assert isinstance(license, License)
        terms = granted(license, place.environment)
        key = Key.objects.within(place.environment).get(pk=id_of(key_id or place.sample["key"])) if with_key else None
    return states(license, terms, now, key)


def test_they_are_what_the_last_verdict_showed(limited: Place) -> None:
    for _ in range(4):
        verdict = limited.verify()
        assert verdict["valid"], verdict
    found = seen(limited, with_key=True)
    told = [
        {"meter": one.meter, "period": one.period, "used": one.used, "remaining": one.remaining} for one in found.quotas
    ]
    assert told == [{name: one[name] for name in told[0]} for one in verdict["quotas"]]
    assert [(one.meter, one.used) for one in found.quotas] == [("requests", 4)] * 3
    assert [one.is_over for one in found.quotas] == [False, True, False]
    assert [(one.name, one.level.remaining) for one in found.rates] == [
        (one["name"], one["remaining"]) for one in verdict["rate_limits"]
    ]
    assert {one.level.remaining for one in found.rates} == {6, 1}


def test_a_billing_period_is_counted_from_its_anchor(limited: Place) -> None:
    now, quota = clock.now(), {"meter": "requests", "limit": 9, "period": "billing_period"}
    period = Period(now - timedelta(hours=5), "day", 1)
    billing = Billing(BillingState.ACTIVE, None, now, id_of(limited.sample["plan"]), period=period)
    whose: dict[str, Any] = {"within": limited.environment, "by": system(), "now": now}
    billed = issue_billed_license(**whose, customer=id_of(limited.sample["customer"]), billing=billing).public_id
    limited.api.patch(f"/v1/licenses/{billed}", json={"overrides": {"quotas": [quota]}}).raise_for_status()
    key = limited.api.post("/v1/keys", json={"license": billed}).raise_for_status().json()["secret"]
    until(lambda: limited.verify(key=key, usage={}).get("quotas"))
    (verdict,) = limited.verify(key=key)["quotas"]
    (told,) = seen(limited, of=billed).quotas
    assert (told.used, rfc3339(told.resets_at)) == (verdict["used"], verdict["resets_at"])
    assert verdict["used"] == 1


def test_a_rotation_gives_no_fresh_limits(limited: Place) -> None:
    assert {limited.verify()["code"] for _ in range(5)} == {"VALID"}
    key = limited.sample["key"]
    for _ in range(2):
        successor = limited.post(f"keys/{key}/rotation", {"overlap_seconds": 3600})
        key = successor["id"]
        limited.verify_until("RATE_LIMITED", key=successor["secret"])
        assert [one.level.remaining for one in seen(limited, with_key=True, key_id=key).rates] == [5, 0]


def test_without_a_key_only_limits_that_all_keys_share_are_told(limited: Place) -> None:
    assert [one.name for one in seen(limited).rates] == ["steady"]


def test_what_was_not_used_yet_stands_at_its_beginning(limited: Place) -> None:
    found = seen(limited)
    assert [(one.used, one.remaining) for one in found.quotas] == [(0, 100), (0, 3), (0, 50)]
    month, lifetime, day = (one.resets_at for one in found.quotas)
    assert lifetime is None
    assert (milliseconds(clock.now()) or 0) < (day or 0) <= (month or 0)
    assert found.rates[0].level.remaining == 10


@contextmanager
def redis_at(url: str) -> Iterator[None]:
    """For this process; the running copy keeps its own."""
    facts_store.client.cache_clear()
    try:
        with override_settings(REDIS_URL=url):
            yield
    finally:
        facts_store.client.cache_clear()


def test_while_redis_is_away_it_is_said_and_not_guessed(limited: Place) -> None:
    with redis_at("redis://127.0.0.1:9/0"), pytest.raises(CountersAway):
        seen(limited)
    assert seen(limited).rates


def test_counters_that_are_not_rebuilt_yet_are_not_told(limited: Place) -> None:
    with redis_at(f"{settings.REDIS_URL.rpartition('/')[0]}/9"), pytest.raises(CountersAway):
        seen(limited)


def test_a_license_without_limits_asks_redis_for_nothing(place: Place) -> None:
    none: dict[str, Any] = {"rate_limits": [], "quotas": []}
    place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": none}).raise_for_status()
    with redis_at("redis://127.0.0.1:9/0"):
        assert seen(place) == States((), ())
