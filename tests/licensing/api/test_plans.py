"""Every term of a plan: what it may be, what a new version keeps, what is refused."""

import time
from typing import Any

import pytest

from tests.places import Place

TERMS: dict[str, Any] = {
    "features": {"export": True, "seats": 5},
    "scopes": ["reports:read"],
    "rate_limits": [{"name": "burst", "limit": 10, "period_seconds": 1, "burst": 20, "per": "key"}],
    "quotas": [{"meter": "requests", "limit": 1000, "period": "month", "overage": "allow", "per": "customer"}],
    "duration_days": 30,
    "trial_days": 14,
    "grace_days": 7,
    "max_devices": 3,
    "device_policy": "required",
    "token_ttl_seconds": 600,
    "refresh_ttl_seconds": 86_400,
    "rotate_every_days": 90,
    "stripe_price_ids": ["price_123"],
    "seat_policy": "user",
    "over_limit_days": 7,
}


def test_every_term_is_kept_shown_and_carried_into_the_next_version(place: Place) -> None:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    made = place.post("plans", {"product": product, "code": "full", "name": "Full", **TERMS})
    assert {term: made[term] for term in TERMS} == TERMS
    changed = place.api.patch(f"/v1/plans/{made['id']}", json={"duration_days": None}).json()
    assert (changed["version"], changed["published_version"]) == (2, 1)
    assert {term: changed[term] for term in TERMS} == TERMS | {"duration_days": None}


def test_a_change_that_changes_nothing_makes_no_version(place: Place) -> None:
    path = f"/v1/plans/{place.sample['plan']}"
    before = place.api.get(path)
    after = place.api.patch(path, json={"scopes": before.json()["scopes"], "name": before.json()["name"]})
    assert after.json() == before.json()
    assert after.headers["ETag"] == before.headers["ETag"]


def test_defaults_are_what_the_contract_says(place: Place) -> None:
    path = f"/v1/plans/{place.sample['plan']}"
    shown = place.api.patch(path, json={"rate_limits": [{"name": "a", "limit": 5, "period_seconds": 60}]}).json()
    assert (shown["grace_days"], shown["token_ttl_seconds"], shown["device_policy"]) == (14, 300, "none")
    assert (shown["seat_policy"], shown["over_limit_days"]) == ("none", 14)
    assert shown["rate_limits"] == [{"name": "a", "limit": 5, "period_seconds": 60, "burst": 5, "per": "license"}]


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"quotas": [{"meter": "nope", "limit": 1, "period": "day"}]}, "/quotas/0/meter"),
        ({"quotas": [{"meter": "peak", "limit": 1, "period": "day"}]}, "/quotas/0/meter"),
        (
            {"quotas": [{"meter": "requests", "limit": 1, "period": "billing_period", "per": "customer"}]},
            "/quotas/0/per",
        ),
        ({"quotas": [{"meter": "requests", "limit": 1, "period": "day"}] * 2}, "/quotas/1"),
        ({"quotas": [{"meter": "requests", "limit": 1, "period": "week"}]}, "/quotas/0/period"),
        ({"quotas": [{"meter": "requests", "limit": -1, "period": "day"}]}, "/quotas/0/limit"),
        ({"rate_limits": [{"name": "a", "limit": 1, "period_seconds": 1}] * 2}, "/rate_limits/1/name"),
        ({"rate_limits": [{"name": "a", "limit": 1, "period_seconds": 0}]}, "/rate_limits/0/period_seconds"),
        ({"rate_limits": [{"limit": 1, "period_seconds": 1}]}, "/rate_limits/0/name"),
        ({"rate_limits": [{"name": "a", "limit": 1, "period_seconds": 1, "x": 1}]}, "/rate_limits/0/x"),
        ({"rate_limits": "fast"}, "/rate_limits"),
        ({"token_ttl_seconds": 29}, "/token_ttl_seconds"),
        ({"token_ttl_seconds": 86_401}, "/token_ttl_seconds"),
        ({"device_policy": "maybe"}, "/device_policy"),
        ({"grace_days": None}, "/grace_days"),
        ({"seat_policy": "device"}, "/seat_policy"),
        ({"over_limit_days": -1}, "/over_limit_days"),
        ({"over_limit_days": 366}, "/over_limit_days"),
        ({"features": {"export": "yes"}}, "/features/export"),
        ({"features": {"Not A Code": True}}, "/features"),
    ],
)
def test_a_term_that_is_wrong_is_named(place: Place, terms: dict[str, Any], pointer: str) -> None:
    place.post("meters", {"code": "peak", "name": "Peak", "aggregation": "max"})
    answer = place.api.patch(f"/v1/plans/{place.sample['plan']}", json=terms)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer, answer.text


def test_what_a_plan_refers_to_cannot_be_removed(place: Place) -> None:
    place.post("meters", {"code": "calls", "name": "Calls", "aggregation": "sum"})
    quotas = [{"meter": "calls", "limit": 1, "period": "day"}]
    place.api.patch(f"/v1/plans/{place.sample['plan']}", json={"quotas": quotas}).raise_for_status()
    for resource, code in (("products", "api"), ("features", "export"), ("meters", "calls"), ("meters", "requests")):
        one = place.api.get(f"/v1/{resource}?code={code}").json()["data"][0]
        answer = place.api.delete(f"/v1/{resource}/{one['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "in_use"), resource
        assert place.api.get(f"/v1/{resource}/{one['id']}").status_code == 200


def test_what_a_license_alone_refers_to_cannot_be_removed_nor_a_meter_that_was_used(place: Place) -> None:
    path = f"/v1/licenses/{place.sample['license']}"
    meter = place.post("meters", {"code": "calls", "name": "Calls", "aggregation": "sum"})["id"]
    feature = place.post("features", {"code": "beta", "name": "Beta", "kind": "config"})["id"]
    removals = (f"/v1/meters/{meter}", f"/v1/features/{feature}")
    overrides = {"quotas": [{"meter": "calls", "limit": 9, "period": "day"}], "features": {"beta": 1}}
    place.api.patch(path, json={"overrides": overrides}).raise_for_status()
    answers = [place.api.delete(removal) for removal in removals]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "in_use")] * 2
    assert "A license refers to this meter" in answers[0].json()["detail"]
    place.verify_until("VALID", usage={"calls": 1})
    place.api.patch(path, json={"overrides": {}}).raise_for_status()
    assert place.api.delete(removals[1]).status_code == 200
    until_used(place, "calls")
    assert "Recorded usage refers to this meter" in place.api.delete(removals[0]).json()["detail"]


def until_used(place: Place, meter: str) -> None:
    patience_ends = time.monotonic() + 30
    while not place.api.get("/v1/usage", params={"meter": meter}).json()["data"][0]["value"]:
        assert time.monotonic() < patience_ends
        time.sleep(0.02)


def test_what_nothing_refers_to_is_removed_for_good(place: Place) -> None:
    for resource, more in (("products", {}), ("features", {"kind": "boolean"}), ("meters", {"aggregation": "sum"})):
        one = place.post(resource, {"code": "gone", "name": "Gone", **more})
        answer = place.api.delete(f"/v1/{resource}/{one['id']}")
        assert (answer.status_code, answer.json()["id"]) == (200, one["id"])
        assert place.api.get(f"/v1/{resource}/{one['id']}").status_code == 404
        place.post(resource, {"code": "gone", "name": "Again", **more})
