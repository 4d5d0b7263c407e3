"""What becomes of a license and its keys, told by the API and by the next verdict."""

from datetime import timedelta

import pytest

from tenants import clock
from tests.places import Place


def at(**shift: int) -> str:
    return (clock.now() + timedelta(**shift)).isoformat()


def test_a_suspended_license_is_refused_until_it_is_reinstated(place: Place) -> None:
    path = f"licenses/{place.sample['license']}/suspension"
    suspended = place.post(path, {"reason": "unpaid"}, status=200)
    assert (suspended["status"], suspended["status_reason"]) == ("suspended", "unpaid")
    place.verify_until("LICENSE_SUSPENDED")
    reinstated = place.api.delete(f"/v1/{path}").json()
    assert (reinstated["status"], reinstated["status_reason"]) == ("active", None)
    place.verify_until("VALID")


def test_a_revoked_license_stays_revoked_and_takes_no_keys(place: Place) -> None:
    license = place.sample["license"]
    revoked = place.post(f"licenses/{license}/revocation", {"reason": "fraud"}, status=200)
    assert revoked["status"] == "revoked"
    place.verify_until("LICENSE_REVOKED")
    for refused in (
        place.api.post(f"/v1/licenses/{license}/suspension", json={}),
        place.api.delete(f"/v1/licenses/{license}/suspension"),
        place.api.post("/v1/keys", json={"license": license}),
    ):
        assert refused.status_code == 409, refused.text
    assert place.api.get(f"/v1/licenses/{license}").json()["status"] == "revoked"
    assert place.verify()["code"] == "LICENSE_REVOKED"


def test_a_revoked_key_says_so_and_its_license_lives_on(place: Place) -> None:
    other = place.post("keys", {"license": place.sample["license"]})["secret"]
    revision = int(place.api.post(f"/v1/keys/{place.sample['key']}/revocation", json={}).headers["licet-revision"])
    assert place.verify_until("KEY_REVOKED")["revision"] >= revision
    assert place.verify(key=other)["code"] == "VALID"


@pytest.mark.parametrize(
    ("dates", "status", "code"),
    [
        ({"starts_at": {"days": 1}}, "pending", "LICENSE_PENDING"),
        ({"starts_at": {"days": -2}, "expires_at": {"days": -1}}, "expired", "LICENSE_EXPIRED"),
        ({"expires_at": {"days": 1}}, "active", "VALID"),
    ],
)
def test_the_clock_alone_decides_between_start_and_end(
    place: Place, dates: dict[str, dict[str, int]], status: str, code: str
) -> None:
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"]}
    made = place.post("licenses", body | {name: at(**shift) for name, shift in dates.items()})
    assert made["status"] == status
    key = place.post("keys", {"license": made["id"]})["secret"]
    verdict = place.verify_until(code, key=key)
    assert verdict["license"]["status"] == status


def test_a_license_that_begins_in_the_last_month_of_all_is_pending(place: Place) -> None:
    quotas = [{"meter": "requests", "limit": 1, "period": "billing_period"}]
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"], "overrides": {"quotas": quotas}}
    made = place.post("licenses", body | {"starts_at": "9999-12-15T00:00:00Z"})
    key = place.post("keys", {"license": made["id"]})["secret"]
    assert place.verify_until("LICENSE_PENDING", key=key)["quotas"][0]["resets_at"] is None


def test_a_license_expires_at_its_very_millisecond_without_any_sweep(place: Place) -> None:
    end = clock.now() + timedelta(seconds=2)
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"], "expires_at": end.isoformat()}
    key = place.post("keys", {"license": place.post("licenses", body)["id"]})["secret"]
    place.verify_until("VALID", key=key)
    while (verdict := place.verify(key=key))["code"] == "VALID":
        assert verdict["decided_at"] < verdict["license"]["expires_at"]
    assert verdict["code"] == "LICENSE_EXPIRED"
    assert verdict["decided_at"] >= verdict["license"]["expires_at"]


def test_an_end_before_the_start_is_refused(place: Place) -> None:
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"], "expires_at": at(days=-1)}
    answer = place.api.post("/v1/licenses", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/expires_at")


def test_a_plans_trial_and_duration_set_the_ends(place: Place) -> None:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    plan = {"product": product, "name": "Trial", "trial_days": 14, "duration_days": 365}
    made = place.post("plans", plan | {"code": "trial"})
    held = place.post("licenses", {"customer": place.sample["customer"], "plan": made["id"]})
    assert held["status"] == "trialing"
    assert held["trial_ends_at"] < held["expires_at"]
    late = {"customer": place.sample["customer"], "plan": made["id"], "starts_at": "9999-12-01T00:00:00Z"}
    assert place.api.post("/v1/licenses", json=late).status_code == 400


def test_a_published_version_reaches_new_licenses_or_all(place: Place) -> None:
    plan, scopes = place.sample["plan"], ["reports:read", "admin"]
    changed = place.api.patch(f"/v1/plans/{plan}", json={"scopes": scopes}).json()
    assert (changed["version"], changed["published_version"]) == (2, 1)
    assert place.verify(scopes=["admin"])["code"] == "SCOPE_MISSING"
    place.post(f"plans/{plan}/publication", {"apply_to": "new"}, status=200)
    newer = place.post("licenses", {"customer": place.sample["customer"], "plan": plan})["id"]
    key = place.post("keys", {"license": newer})["secret"]
    verdict = place.verify_until("VALID", key=key, scopes=["admin"])
    assert verdict["plan"]["version"] == 2
    assert place.verify(scopes=["admin"])["code"] == "SCOPE_MISSING"
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    verdict = place.verify_until("VALID", scopes=["admin"])
    assert (verdict["plan"]["version"], verdict["scopes"]) == (2, sorted(scopes))


def test_a_draft_keeps_what_was_not_given(place: Place) -> None:
    plan = place.sample["plan"]
    before = place.api.get(f"/v1/plans/{plan}").json()
    after = place.api.patch(f"/v1/plans/{plan}", json={"duration_days": 30}).json()
    assert after == before | {"version": 2, "duration_days": 30}


def test_a_change_of_nothing_makes_no_version(place: Place) -> None:
    plan = place.sample["plan"]
    before = place.api.get(f"/v1/plans/{plan}").json()
    assert place.api.patch(f"/v1/plans/{plan}", json={}).json() == before
    renamed = place.api.patch(f"/v1/plans/{plan}", json={"name": "Renamed"}).json()
    assert renamed == before | {"name": "Renamed"}


def test_the_reason_told_is_that_of_the_status(place: Place) -> None:
    license = place.sample["license"]
    place.post(f"licenses/{license}/suspension", {"reason": "unpaid"}, status=200)
    revoked = place.post(f"licenses/{license}/revocation", status=200)
    assert (revoked["status"], revoked["status_reason"]) == ("revoked", "manual")


def test_a_feature_code_with_spaces_is_refused(place: Place) -> None:
    answer = place.api.patch(f"/v1/plans/{place.sample['plan']}", json={"features": {" export ": True}})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/features")


def test_a_boolean_feature_takes_no_value(place: Place) -> None:
    answer = place.api.patch(f"/v1/plans/{place.sample['plan']}", json={"features": {"export": 5}})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/features/export")


def test_a_key_asks_for_no_more_than_its_license_has(place: Place) -> None:
    answer = place.api.post("/v1/keys", json={"license": place.sample["license"], "scopes": ["admin"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/scopes")


def test_a_keys_prefix_and_mode_are_in_its_secret(place: Place) -> None:
    made = place.post("keys", {"license": place.sample["license"], "prefix": "acme9"})
    assert made["secret"].startswith("acme9_test_lc")
    assert made["secret"].endswith(made["last4"])
    for prefix in ("UPPER", "", "with space", "x" * 17):
        body = {"license": place.sample["license"], "prefix": prefix}
        assert place.api.post("/v1/keys", json=body).status_code == 400


def test_to_expand_something_one_must_be_allowed_to_read_it(place: Place) -> None:
    made = place.post("secret_keys", {"name": "Narrow", "scopes": ["licenses:read", "plans:read"]})
    narrow = {"Authorization": f"Bearer {made['secret']}"}
    codes = {}
    for name in ("plan", "customer", "plan,customer"):
        answer = place.api.get("/v1/licenses", params={"expand": name}, headers=narrow)
        codes[name] = (answer.status_code, answer.json().get("code"))
    missing = (403, "permission_missing")
    assert codes == {"plan": (200, None), "customer": missing, "plan,customer": missing}
