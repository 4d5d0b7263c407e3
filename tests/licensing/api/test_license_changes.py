"""Licenses that change: overrides, renewal, another plan, a changed end; each in force within a second."""

from typing import Any

import pytest

from tests.places import Place
from verify.ground.ids import new

PAST, FUTURE, LATER = "2020-01-01T00:00:00.000Z", "2098-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"


def plan(place: Place, code: str, **terms: Any) -> str:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    made: str = place.post("plans", {"product": product, "code": code, "name": code, **terms})["id"]
    return made


def license_of(place: Place, plan_id: str, **fields: Any) -> dict[str, Any]:
    return place.post("licenses", {"customer": place.sample["customer"], "plan": plan_id, **fields})


def key_of(place: Place, license_id: str) -> str:
    secret: str = place.post("keys", {"license": license_id})["secret"]
    return secret


def test_overrides_are_what_this_license_has_otherwise_than_its_plan(place: Place) -> None:
    overrides = {"features": {"export": False, "seats": 5}, "scopes": ["admin"], "max_devices": 3}
    answer = place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": overrides})
    assert answer.json()["overrides"] == overrides
    place.verify_until("SCOPE_MISSING", scopes=["reports:read"])
    verdict = place.verify()
    assert (verdict["scopes"], verdict["features"]) == (["admin"], {"export": False, "seats": 5})
    assert place.verify(features=["export"])["code"] == "FEATURE_NOT_ENTITLED"
    assert place.verify(features=["seats"])["code"] == "VALID"
    key = place.post("keys", {"license": place.sample["license"], "scopes": ["admin"]})
    assert place.verify_until("VALID", key=key["secret"], scopes=["admin"])
    place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": {}}).raise_for_status()
    assert place.verify_until("VALID", scopes=["reports:read"], features=["export"])["features"] == {"export": True}


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"features": {"export": 5}}, "/overrides/features/export"),
        ({"quotas": [{"meter": "nope", "limit": 1, "period": "day"}]}, "/overrides/quotas/0/meter"),
        (
            {"quotas": [{"meter": "requests", "limit": 1, "period": "billing_period", "per": "customer"}]},
            "/overrides/quotas/0/per",
        ),
        ({"rate_limits": [{"name": "a", "limit": 0, "period_seconds": 1}]}, "/overrides/rate_limits/0/limit"),
        ({"colour": "red"}, "/overrides/colour"),
        ({"scopes": "all"}, "/overrides/scopes"),
        ([], "/overrides"),
        (None, "/overrides"),
    ],
)
def test_an_override_that_is_wrong_is_named(place: Place, overrides: Any, pointer: str) -> None:
    answer = place.api.patch(f"/v1/licenses/{place.sample['license']}", json={"overrides": overrides})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_renewal_opens_what_had_expired_for_as_long_as_its_plan_lasts(place: Place) -> None:
    made = license_of(place, plan(place, "monthly", duration_days=30), starts_at=PAST)
    assert (made["status"], made["status_reason"], made["expires_at"]) == (
        "expired",
        "expired",
        "2020-01-31T00:00:00.000Z",
    )
    secret = key_of(place, made["id"])
    place.verify_until("LICENSE_EXPIRED", key=secret)
    renewed = place.post(f"licenses/{made['id']}/renewal", status=200)
    assert renewed["status"] == "active"
    assert place.verify_until("VALID", key=secret)["license"]["expires_at"] == renewed["expires_at"]
    twice = place.post(f"licenses/{made['id']}/renewal", status=200)
    assert twice["expires_at"] > renewed["expires_at"]


def test_a_renewal_until_a_given_time_only_ever_moves_the_end_later(place: Place) -> None:
    made = license_of(place, place.sample["plan"], expires_at=FUTURE)
    for asked in (PAST, "2097-12-31T00:00:00Z"):
        answer = place.api.post(f"/v1/licenses/{made['id']}/renewal", json={"expires_at": asked})
        assert answer.status_code == 400
    assert place.post(f"licenses/{made['id']}/renewal", {"expires_at": LATER}, status=200)["expires_at"] == LATER
    without = place.api.post(f"/v1/licenses/{made['id']}/renewal", json={})
    assert (without.status_code, without.json()["code"]) == (409, "end_not_known")


def test_what_never_ends_needs_no_renewal(place: Place) -> None:
    answer = place.api.post(f"/v1/licenses/{place.sample['license']}/renewal", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "never_ends")


def test_a_trial_ends_in_expired_and_a_renewal_makes_it_a_license(place: Place) -> None:
    made = license_of(place, plan(place, "trial", trial_days=14, duration_days=30), starts_at=PAST)
    made = place.api.get(f"/v1/licenses/{made['id']}").json()
    assert made["status"] == "expired"
    trial = license_of(place, plan(place, "trial-only", trial_days=14), starts_at=PAST)
    assert (trial["status"], trial["status_reason"]) == ("expired", "trial_ended")
    renewed = place.post(f"licenses/{trial['id']}/renewal", {"expires_at": LATER}, status=200)
    assert (renewed["status"], renewed["trial_ends_at"], renewed["expires_at"]) == ("active", None, LATER)


def test_another_plan_takes_its_terms_at_once_and_leaves_dates_and_keys(place: Place) -> None:
    other = plan(place, "pro", scopes=["reports:read", "pro:use"], features={"export": True, "pro": True})
    before = place.api.get(f"/v1/licenses/{place.sample['license']}").json()
    answer = place.api.put(f"/v1/licenses/{place.sample['license']}/plan", json={"plan": other})
    after = answer.json()
    assert (after["plan"], after["plan_version"]) == (other, 1)
    for field in ("starts_at", "expires_at", "customer", "status"):
        assert after[field] == before[field]
    verdict = place.verify_until("VALID", scopes=["pro:use"], features=["pro"])
    assert verdict["plan"] == {"id": other, "code": "pro", "version": 1}
    assert place.api.get(f"/v1/licenses?plan={other}").json()["data"][0]["id"] == place.sample["license"]


def test_a_plan_that_is_not_here_is_refused(place: Place) -> None:
    answer = place.api.put(f"/v1/licenses/{place.sample['license']}/plan", json={"plan": new("plan")})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/plan")


@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("POST", "/renewal"), ("PUT", "/plan")])
def test_what_was_revoked_stays_as_it_is(place: Place, method: str, path: str) -> None:
    bodies: dict[str, Any] = {
        "PATCH": {"quantity": 2},
        "POST": {"expires_at": LATER},
        "PUT": {"plan": place.sample["plan"]},
    }
    license_id = place.sample["license"]
    place.post(f"licenses/{license_id}/revocation", status=200)
    answer = place.api.request(method, f"/v1/licenses/{license_id}{path}", json=bodies[method])
    assert (answer.status_code, answer.json()["code"]) == (409, "already_revoked")


def test_the_precedence_of_the_derived_status(place: Place) -> None:
    """revoked > suspended > pending > expired > trialing > active."""
    trial = plan(place, "trial", trial_days=20_000)
    ladder = [
        (license_of(place, place.sample["plan"])["id"], "active"),
        (license_of(place, trial)["id"], "trialing"),
        (license_of(place, trial, starts_at=PAST, expires_at="2020-02-01T00:00:00Z")["id"], "expired"),
        (license_of(place, trial, starts_at=FUTURE)["id"], "pending"),
    ]
    for license_id, status in ladder:
        assert place.api.get(f"/v1/licenses/{license_id}").json()["status"] == status
        assert place.post(f"licenses/{license_id}/suspension", status=200)["status"] == "suspended"
        assert license_id in [one["id"] for one in place.api.get("/v1/licenses?status=suspended").json()["data"]]
        assert place.post(f"licenses/{license_id}/revocation", status=200)["status"] == "revoked"


def test_lists_are_narrowed_by_customer_plan_and_status_together(place: Place) -> None:
    other = place.post("customers", {"name": "Other"})["id"]
    theirs = place.post("licenses", {"customer": other, "plan": place.sample["plan"], "starts_at": FUTURE})["id"]
    found = place.api.get(f"/v1/licenses?customer={other}&plan={place.sample['plan']}&status=pending").json()["data"]
    assert [one["id"] for one in found] == [theirs]
    assert place.api.get(f"/v1/licenses?customer={other}&status=active").json()["data"] == []
    answer = place.api.get("/v1/licenses?status=sleeping")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/status")
