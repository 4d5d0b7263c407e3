"""Limits and quotas over HTTP: exact on any number of nodes, shown in every verdict, repeats that use nothing."""

import json
import uuid
from typing import Any

import pytest

from tests.places import Place
from tests.running.nodes import Node, verify_nodes
from tests.running.prove import Figure
from tests.verify.service.load import Crowd

CLIENTS = 64


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with verify_nodes(4, tmp_path_factory.mktemp("nodes")) as started:
        yield started


def sold(place: Place, **overrides: Any) -> dict[str, Any]:
    """A license with limits of its own, and a key to it."""
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"], "overrides": overrides}
    license = place.post("licenses", body)
    key = place.post("keys", {"license": license["id"]})
    return {"license": license["id"], "key": key["id"], "secret": key["secret"]}


def quota(limit: int, **more: Any) -> dict[str, Any]:
    return {"meter": "requests", "limit": limit, "period": "day", "overage": "deny", "per": "license"} | more


@pytest.mark.prove
def test_a_quota_of_a_thousand_admits_exactly_a_thousand(
    place: Place, nodes: list[Node], scale: float, figure: Figure
) -> None:
    urls, seeds = [node.url for node in nodes], max(2, round(20 * scale))
    for seed in range(seeds):
        key = sold(place, quotas=[quota(1000)])["secret"]
        crowd = Crowd(urls, place.document["secret_key"], CLIENTS, until_answered=True, seed=seed)
        seen = crowd.ask([{"key": key}] * 1200)
        assert (seen.codes["VALID"], seen.codes["QUOTA_EXCEEDED"]) == (1000, 200)
        assert sorted(one["quotas"][0]["used"] for one in seen.verdicts if one["valid"]) == list(range(1, 1001))
    figure("seeds, 64 clients on 4 processes, exactly 1,000 of 1,200 admitted", seeds, "")


def test_a_customers_quota_is_shared_by_licenses_with_limits_of_their_own(place: Place, nodes: list[Node]) -> None:
    shared = quota(10, per="customer")
    first, second = sold(place, quotas=[shared, quota(4)]), sold(place, quotas=[shared, quota(9)])
    crowd = Crowd([node.url for node in nodes], place.document["secret_key"], 8, until_answered=True)
    seen = [crowd.ask([{"key": one["secret"]}] * 9).codes["VALID"] for one in (first, second)]
    assert seen == [4, 6]


def test_a_cost_at_the_edge_is_refused_whole_and_then_ones_fill_it(place: Place) -> None:
    key = sold(place, quotas=[quota(10)])["secret"]
    assert place.verify(key=key, usage={"requests": 5})["quotas"][0]["used"] == 5
    refused = place.verify(key=key, usage={"requests": 7})
    assert (refused["code"], refused["quotas"][0]["used"]) == ("QUOTA_EXCEEDED", 5)
    assert 0 < refused["retry_after"] <= 24 * 3600
    codes = [place.verify(key=key)["code"] for _ in range(6)]
    assert codes == ["VALID"] * 5 + ["QUOTA_EXCEEDED"]


def test_every_verdict_shows_where_limits_and_quotas_stand(place: Place) -> None:
    rate = {"name": "steady", "limit": 2, "period_seconds": 60}
    key = sold(place, rate_limits=[rate], quotas=[quota(5, period="lifetime")])["secret"]
    shown = place.verify(key=key)
    (steady,), (lifetime,) = shown["rate_limits"], shown["quotas"]
    assert (steady["name"], steady["limit"], steady["remaining"]) == ("steady", 2, 1)
    assert steady["reset_at"] > shown["decided_at"]
    assert lifetime == {
        "meter": "requests",
        "period": "lifetime",
        "per": "license",
        "limit": 5,
        "used": 1,
        "remaining": 4,
        "resets_at": None,
        "overage": "deny",
    }
    denied = place.verify(key=key, scopes=["nope"])
    assert (denied["code"], denied["quotas"][0]["used"]) == ("SCOPE_MISSING", 1)
    place.verify(key=key)
    limited = place.verify(key=key)
    assert (limited["code"], limited["quotas"][0]["used"]) == ("RATE_LIMITED", 2)
    assert 0 < limited["retry_after"] <= 30


def test_nothing_used_shows_everything_and_takes_nothing(place: Place) -> None:
    rate = {"name": "once", "limit": 1, "period_seconds": 3600}
    key = sold(place, rate_limits=[rate], quotas=[quota(1)])["secret"]
    for _ in range(3):
        shown = place.verify(key=key, usage={})
        assert (shown["code"], shown["rate_limits"][0]["remaining"], shown["quotas"][0]["used"]) == ("VALID", 1, 0)
    assert [place.verify(key=key)["code"] for _ in range(2)] == ["VALID", "RATE_LIMITED"]
    assert place.verify(key=key, usage={})["code"] == "VALID"


def test_a_lifetime_quota_that_is_used_up_has_nothing_to_wait_for(place: Place) -> None:
    key = sold(place, quotas=[quota(0, period="lifetime")])["secret"]
    refused = place.verify(key=key)
    assert refused["code"] == "QUOTA_EXCEEDED"
    assert "retry_after" not in refused


def test_a_meter_that_is_not_there_is_named(place: Place) -> None:
    body = {"key": place.sample["key_secret"], "usage": {"requests": 1, "tokns": 5}}
    answer = place.verifier.post("/v1/verify", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/usage/tokns")
    answer = place.verifier.post("/v1/verify/batch", json=[{"key": "x"}, body])
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/1/usage/tokns")
    gateway = {"Licet-Secret-Key": place.document["secret_key"], "Licet-Usage": "tokns=1"}
    answer = place.verifier.get("/forward-auth/", headers=gateway)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/licet-usage")
    place.post("meters", {"code": "tokns", "name": "Tokens", "aggregation": "sum"})
    assert place.verify(usage={"requests": 1, "tokns": 5})["code"] == "VALID"


def test_a_plan_that_is_larger_is_pointed_to(place: Place) -> None:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    place.api.patch(f"/v1/products/{product}", json={"upgrade_url": "https://shop.example/plans"}).raise_for_status()
    place.post("plans", {"product": product, "code": "team", "name": "Team", "features": {"export": True, "sso": True}})
    denied = place.verify(features=["sso"])
    assert (denied["code"], denied["upgrade"]) == (
        "FEATURE_NOT_ENTITLED",
        {"plan": "team", "url": "https://shop.example/plans"},
    )


def test_a_change_of_plan_keeps_what_was_used(place: Place) -> None:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    plans = [
        place.post("plans", {"product": product, "code": code, "name": code, "quotas": [quota(limit)]})["id"]
        for code, limit in (("small", 3), ("big", 5))
    ]
    license = place.post("licenses", {"customer": place.sample["customer"], "plan": plans[0]})["id"]
    key = place.post("keys", {"license": license})["secret"]
    assert [place.verify(key=key)["code"] for _ in range(4)] == ["VALID"] * 3 + ["QUOTA_EXCEEDED"]
    place.api.put(f"/v1/licenses/{license}/plan", json={"plan": plans[1]}).raise_for_status()
    assert [place.verify(key=key)["code"] for _ in range(3)] == ["VALID"] * 2 + ["QUOTA_EXCEEDED"]


class TestRepeats:
    """Of an admission, with Idempotency-Key or `request_id`."""

    def ask(self, place: Place, once: str, status: int = 200, **body: Any) -> dict[str, Any]:
        answer = place.verifier.post("/v1/verify", json=body, headers={"Idempotency-Key": once})
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def test_they_use_nothing_and_show_the_first_numbers(self, place: Place) -> None:
        once, key = str(uuid.uuid4()), sold(place, quotas=[quota(5)])["secret"]
        first = self.ask(place, once, key=key)
        place.verify(key=key)
        again = self.ask(place, once, key=key)
        assert again["quotas"] == first["quotas"]
        assert again["request_id"] != first["request_id"]
        assert place.verify(key=key, usage={})["quotas"][0]["used"] == 2

    def test_at_the_same_moment_they_are_one(self, place: Place, nodes: list[Node]) -> None:
        key, urls = sold(place, quotas=[quota(100)])["secret"], [node.url for node in nodes]
        crowd = Crowd(urls, place.document["secret_key"], 32)
        seen = crowd.ask([{"key": key, "request_id": "one"}] * 64)
        assert set(seen.codes) <= {"VALID", "HTTP 503"}  # which a machine that is too busy may answer
        assert {one["quotas"][0]["used"] for one in seen.verdicts} == {1}

    def test_what_needs_no_counter_is_decided_anew(self, place: Place) -> None:
        once, bought = str(uuid.uuid4()), sold(place, quotas=[quota(5)])
        assert self.ask(place, once, key=bought["secret"])["code"] == "VALID"
        place.post(f"keys/{bought['key']}/revocation", {"reason": "leaked"}, status=200)
        assert self.ask(place, once, key=bought["secret"])["code"] == "KEY_REVOKED"

    def test_a_denial_is_not_remembered(self, place: Place) -> None:
        once, bought = str(uuid.uuid4()), sold(place, quotas=[quota(0)])
        assert self.ask(place, once, key=bought["secret"])["code"] == "QUOTA_EXCEEDED"
        more = {"overrides": {"quotas": [quota(1)]}}
        place.api.patch(f"/v1/licenses/{bought['license']}", json=more).raise_for_status()
        assert self.ask(place, once, key=bought["secret"])["code"] == "VALID"

    def test_another_body_is_422(self, place: Place) -> None:
        once, key = str(uuid.uuid4()), place.sample["key_secret"]
        self.ask(place, once, key=key)
        assert self.ask(place, once, 422, key=key, scopes=["reports:read"])["code"] == "idempotency_key_reused"
        assert self.ask(place, once, 422, key=key, scopes=["nope"])["code"] == "idempotency_key_reused"

    @pytest.mark.parametrize("once", ["", "x" * 256, "é"])
    def test_a_name_that_is_none_is_refused(self, place: Place, once: str) -> None:
        headers = {"Idempotency-Key": once.encode("latin-1")}
        answer = place.verifier.post("/v1/verify", json={"key": "x"}, headers=headers)  # type: ignore[arg-type]  # bytes are taken too
        assert answer.status_code == 400


def test_a_context_may_hold_any_number(place: Place) -> None:
    body = json.dumps({"key": place.sample["key_secret"], "context": {"n": -(2**63) - 1, "m": 2**200}})
    assert place.verifier.post("/v1/verify", content=body).json()["code"] == "VALID"


def test_a_batch_is_decided_one_by_one_and_told_in_order(place: Place) -> None:
    key = sold(place, quotas=[quota(3)])["secret"]
    asked = [{"key": key}, {"key": "no such key"}, {"key": key, "usage": {"requests": 3}}, {"key": key}, {"key": key}]
    answer = place.verifier.post("/v1/verify/batch", json=asked)
    assert answer.status_code == 200
    codes = [one["code"] for one in answer.json()]
    assert codes == ["VALID", "NOT_FOUND", "QUOTA_EXCEEDED", "VALID", "VALID"]
    assert len({one["request_id"] for one in answer.json()}) == 5


def test_a_batch_is_repeated_as_a_whole(place: Place) -> None:
    key, headers = sold(place, quotas=[quota(9)])["secret"], {"Idempotency-Key": str(uuid.uuid4())}
    asked = [{"key": key}] * 3
    told = [place.verifier.post("/v1/verify/batch", json=asked, headers=headers).json() for _ in range(2)]
    assert [[one["quotas"][0]["used"] for one in several] for several in told] == [[1, 2, 3], [1, 2, 3]]


def test_with_the_name_of_another_batch_it_is_422_and_uses_nothing(place: Place) -> None:
    key, headers = sold(place, quotas=[quota(9)])["secret"], {"Idempotency-Key": str(uuid.uuid4())}
    one, other = {"key": key}, {"key": key, "scopes": ["reports:read"]}
    assert place.verifier.post("/v1/verify/batch", json=[one, other], headers=headers).status_code == 200
    for batch in ([one], [other], [other, one], [{"key": "x"}, one]):
        answer = place.verifier.post("/v1/verify/batch", json=batch, headers=headers)
        assert answer.status_code == 422, answer.text
    assert place.verify(key=key, usage={})["quotas"][0]["used"] == 2
    assert place.verifier.post("/v1/verify/batch", json=[one, other, one], headers=headers).status_code == 422


def test_no_client_can_name_one_call_of_a_batch(place: Place) -> None:
    key, once = sold(place, quotas=[quota(9)])["secret"], str(uuid.uuid4())
    told = place.verifier.post("/v1/verify/batch", json=[{"key": key}] * 2, headers={"Idempotency-Key": once}).json()
    for name in (once, f"{once}:0", f"{once}:1"):
        headers = {"Idempotency-Key": name}
        told.append(place.verifier.post("/v1/verify", json={"key": key}, headers=headers).json())
    assert [one["quotas"][0]["used"] for one in told] == [1, 2, 3, 4, 5]


def test_of_a_batch_that_is_refused_what_has_a_name_is_used_once(place: Place) -> None:
    key = sold(place, quotas=[quota(9)])["secret"]
    place.verify(key=key, request_id="stale")
    batch = [{"key": key, "request_id": "stale", "scopes": ["reports:read"]}, {"key": key, "request_id": "fresh"}]
    assert place.verifier.post("/v1/verify/batch", json=batch).status_code == 422
    batch[0]["request_id"] = "mended"
    told = place.verifier.post("/v1/verify/batch", json=batch).json()
    assert sorted(one["quotas"][0]["used"] for one in told) == [2, 3]


@pytest.mark.parametrize("body", [[], {}, [{"key": "x"}] * 101, [{"key": "x"}, {}], [[]]])
def test_a_batch_that_is_none_is_refused(place: Place, body: Any) -> None:
    assert place.verifier.post("/v1/verify/batch", json=body).status_code == 400
