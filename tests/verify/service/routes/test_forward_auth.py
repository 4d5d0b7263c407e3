"""Forward-auth over HTTP: what gateways are told, what is kept of a call, what a caller cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.places import Place
from tests.running.clients import plain_client
from tests.running.nodes import verify_nodes
from tests.verify.service.kept import kept_decision

URI = "/v1/reports?name=Ann"


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A verify node that believes gateways on this machine."""
    with (
        verify_nodes(1, tmp_path_factory.mktemp("node"), {"TRUSTED_PROXIES": "127.0.0.1"}) as (node,),
        plain_client(node.url) as client,
    ):
        yield client


def ask(client: httpx.Client, place: Place, key: str | None = None, **more: str) -> httpx.Response:
    """As a gateway does; by default of a call with the sample key."""
    headers = {
        "Licet-Secret-Key": place.document["secret_key"],
        "Authorization": f"Bearer {place.sample['key_secret'] if key is None else key}",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Method": "POST",
        "X-Forwarded-Uri": URI,
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return client.get("/forward-auth/", headers=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["licet-code"] == answer.json()["code"]
    return answer.status_code, answer.json()["code"]


def test_an_admission_says_who_it_is_in_headers(trusting: httpx.Client, place: Place) -> None:
    answer, sample = ask(trusting, place, Licet_Scopes="reports:read", Licet_Features="export"), place.sample
    assert (answer.status_code, answer.content) == (200, b"")
    told = {name: value for name, value in answer.headers.items() if name.startswith("licet-")}
    assert told == {
        "licet-code": "VALID",
        "licet-request-id": answer.headers["request-id"],
        "licet-key-id": sample["key"],
        "licet-license-id": sample["license"],
        "licet-customer-id": sample["customer"],
        "licet-plan": "starter",
        "licet-scopes": "reports:read reports:write",
    }


def test_any_method_and_any_path_below_asks_the_same(trusting: httpx.Client, place: Place) -> None:
    headers = {"Licet-Secret-Key": place.document["secret_key"], "X-Api-Key": place.sample["key_secret"]}
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"):
        answer = trusting.request(method, "/forward-auth/v1/any%20thing?a=1", headers=headers)
        assert (answer.status_code, answer.headers["licet-code"]) == (200, "VALID"), method
    assert trusting.get("/forward-auth").status_code == 404


def test_who_is_calling_is_401_and_what_they_may_is_403(trusting: httpx.Client, place: Place) -> None:
    stranger = ask(trusting, place, Authorization="Basic dTpw")
    assert code(stranger) == (401, "NOT_FOUND")
    assert stranger.headers["www-authenticate"] == 'Bearer realm="licet"'
    assert "licet-customer-id" not in stranger.headers
    assert code(ask(trusting, place, Licet_Scopes="admin")) == (403, "SCOPE_MISSING")
    assert code(ask(trusting, place, Licet_Features="teleport")) == (403, "FEATURE_NOT_ENTITLED")
    key = place.post("keys", {"license": place.sample["license"]})
    place.post(f"keys/{key['id']}/revocation", {"reason": "test"}, status=200)
    assert code(ask(trusting, place, key=key["secret"])) == (401, "KEY_REVOKED")


def test_too_many_calls_are_429_with_whole_seconds_to_wait(trusting: httpx.Client, place: Place) -> None:
    limits = [{"name": "steady", "limit": 1, "period_seconds": 60, "per": "license"}]
    key = key_of(place, rate_limits=limits, quotas=[])
    assert ask(trusting, place, key=key).status_code == 200
    answer = ask(trusting, place, key=key)
    assert code(answer) == (429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-policy"] == '"steady";q=1;w=60'
    assert answer.headers["ratelimit"].startswith('"steady";r=0;t=')


def test_a_quota_says_how_long_to_wait_unless_waiting_never_helps(trusting: httpx.Client, place: Place) -> None:
    quota = {"meter": "requests", "limit": 1, "overage": "deny", "per": "license"}
    daily = key_of(place, quotas=[quota | {"period": "day"}])
    answer = ask(trusting, place, key=daily, Licet_Usage="requests=2")
    assert code(answer) == (429, "QUOTA_EXCEEDED")
    assert 1 <= int(answer.headers["retry-after"]) <= 86_400
    forever = ask(trusting, place, key=key_of(place, quotas=[quota | {"period": "lifetime"}]), Licet_Usage="requests=2")
    assert code(forever) == (429, "QUOTA_EXCEEDED")
    assert "retry-after" not in forever.headers


def test_a_gateway_without_a_good_secret_key_is_told_so_before_anything_else(
    trusting: httpx.Client, place: Place
) -> None:
    for secret in ("", "lsk_test_nonsense", place.sample["key_secret"]):
        assert code(ask(trusting, place, Licet_Secret_Key=secret, Licet_Bad="x")) == (401, "invalid_secret_key")
    narrow = place.post("secret_keys", {"name": "narrow", "scopes": ["licenses:read"]})["secret"]
    assert code(ask(trusting, place, Licet_Secret_Key=narrow, Licet_Bad="x")) == (403, "permission_missing")


def test_a_header_of_the_gateway_given_twice_is_400(trusting: httpx.Client, place: Place) -> None:
    base = [("Licet-Secret-Key", place.document["secret_key"]), ("X-Api-Key", place.sample["key_secret"])]
    for name, value in (("Licet-Scopes", "reports:read"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Uri", "/")):
        answer = trusting.get("/forward-auth/", headers=[*base, (name, value), (name.lower(), value)])
        assert code(answer) == (400, "invalid_request")
        assert answer.json()["errors"][0]["pointer"] == f"/{name.lower()}"


def test_the_body_of_the_call_is_not_ours(trusting: httpx.Client, place: Place) -> None:
    """Gateways send it or not, and tell of its length and encoding or not."""
    headers = {"Licet-Secret-Key": place.document["secret_key"], "X-Api-Key": place.sample["key_secret"]}
    assert trusting.post("/forward-auth/", headers=headers, content=b"{not json").status_code == 200
    encoded = headers | {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert trusting.get("/forward-auth/", headers=encoded).status_code == 200


def test_only_the_gateways_idempotency_key_makes_a_repeat(trusting: httpx.Client, place: Place) -> None:
    quotas = [{"meter": "requests", "limit": 2, "period": "day", "overage": "deny", "per": "license"}]
    key = key_of(place, quotas=quotas)
    answers = [ask(trusting, place, key=key, Licet_Idempotency_Key="one").status_code for _ in range(3)]
    answers += [ask(trusting, place, key=key, Idempotency_Key="two").status_code for _ in range(2)]
    assert answers == [200, 200, 200, 200, 429]


def test_a_bound_key_works_from_where_the_gateway_was_called_and_only_if_the_gateway_is_believed(
    trusting: httpx.Client, place: Place
) -> None:
    body = {"license": place.sample["license"], "allowed_ips": ["203.0.113.0/24", "127.0.0.1"]}
    key = place.post("keys", body)["secret"]
    assert ask(trusting, place, key=key).status_code == 200
    assert ask(trusting, place, key=key, X_Forwarded_For="203.0.113.9, 198.51.100.1").status_code == 403
    assert code(ask(trusting, place, key=key, X_Forwarded_For="")) == (403, "IP_NOT_ALLOWED")
    assert code(ask(place.verifier, place, key=key)) == (403, "IP_NOT_ALLOWED")


def test_scopes_that_no_header_can_hold_are_spelled_out(trusting: httpx.Client, place: Place) -> None:
    odd = "größe\r\nSet-Cookie: a=b, c"
    key = key_of(place, scopes=[odd, "plain"])
    answer = ask(trusting, place, key=key, Licet_Scopes="gr%C3%B6%C3%9Fe%0D%0ASet-Cookie:%20a=b%2C%20c")
    assert answer.status_code == 200, answer.text
    assert answer.headers["licet-scopes"] == "gr%C3%B6%C3%9Fe%0D%0ASet-Cookie:%20a=b%2C%20c plain"
    assert "set-cookie" not in answer.headers


def test_the_decision_is_kept_with_address_method_and_path_but_no_query(trusting: httpx.Client, place: Place) -> None:
    answer = ask(trusting, place)
    assert kept_decision(place, answer.headers["request-id"]) == ("VALID", "203.0.113.9", "POST", "/v1/reports")


def key_of(place: Place, **overrides: Any) -> str:
    """Of a license of its own."""
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"], "overrides": overrides}
    secret: str = place.post("keys", {"license": place.post("licenses", body)["id"]})["secret"]
    return secret
