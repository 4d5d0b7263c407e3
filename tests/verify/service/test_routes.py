"""The verify service over HTTP, by our own server and by uvicorn: what it takes, what it answers, what it refuses."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.places import Place
from tests.running.nodes import verify_nodes
from tests.running.stack import Stack
from verify import key_format


@pytest.fixture(scope="module", params=["licet", "uvicorn"])
def served_at(request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The copy's own verify service, then one behind uvicorn: not a test knows the difference."""
    if request.param == "licet":
        yield stack.bootstrap["verify_url"]
        return
    with verify_nodes(1, tmp_path_factory.mktemp("uvicorn"), server="uvicorn") as (node,):
        yield node.url


@pytest.fixture
def verify_url(served_at: str) -> str:
    return served_at


def test_a_verdict_has_the_published_shape(place: Place) -> None:
    verdict = place.verify(scopes=["reports:read"], features=["export"], ip="203.0.113.9", context={"region": "eu"})
    sample = place.sample
    assert verdict.pop("request_id").startswith("req_")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", verdict.pop("decided_at"))
    assert verdict.pop("revision") > 0
    assert verdict == {
        "valid": True,
        "code": "VALID",
        "key": {"id": sample["key"], "name": "Sample key", "expires_at": None},
        "license": {"id": sample["license"], "status": "active", "expires_at": None},
        "customer": {"id": sample["customer"], "external_id": "sample"},
        "plan": {"id": sample["plan"], "code": "starter", "version": 1},
        "scopes": ["reports:read", "reports:write"],
        "features": {"export": True},
        "warnings": [],
        "rate_limits": [],
        "quotas": [],
    }


def test_a_denial_shows_the_same_and_says_what_to_do(place: Place) -> None:
    verdict = place.verify(scopes=["admin"])
    assert (verdict["valid"], verdict["code"]) == (False, "SCOPE_MISSING")
    assert "admin" in verdict["detail"]
    assert verdict["key"]["id"] == place.sample["key"]


def test_not_found_is_the_same_for_whatever_was_not_issued_here(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    forged = key_format.generate("demo", "test")
    wrong = mine.sample["key_secret"][:-1] + ("0" if mine.sample["key_secret"][-1] != "0" else "1")
    for key in (forged, wrong, "", "x", "a\0b", others.sample["key_secret"], mine.document["secret_key"]):
        verdict = mine.verify(key=key)
        assert set(verdict) == {"valid", "code", "request_id", "decided_at", "detail"}
        assert verdict["code"] == "NOT_FOUND"
    answer = mine.verifier.post("/v1/verify", json={"token": "eyJhbGciOiJub25lIn0.e30."})
    assert answer.json()["code"] == "NOT_FOUND"


def test_every_answer_names_its_request(place: Place) -> None:
    answers = [
        place.verifier.post("/v1/verify", json={"key": "x"}),
        place.verifier.post("/v1/verify", content=b"{"),
        place.verifier.get("/nowhere"),
        place.verifier.get("/v1/verify"),
        place.verifier.get("/livez"),
        place.verifier.get("/readyz"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 404, 405, 200, 200]
    names = [answer.headers["request-id"] for answer in answers]
    assert len(set(names)) == len(names)
    assert answers[0].json()["request_id"] == names[0]
    for answer in answers[1:4]:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["request-id"]


def test_a_bad_member_is_named(place: Place) -> None:
    answer = place.verifier.post("/v1/verify", json={"key": "x", "scopes": "reports:read"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/scopes"


@pytest.mark.parametrize("path", ["/v1/verify", "/v1/verify/batch"])
def test_a_parameter_in_the_address_is_refused_once_it_is_known_who_asks(place: Place, path: str) -> None:
    body = {"key": place.sample["key_secret"]} if path == "/v1/verify" else [{"key": "x"}]
    for _ in range(3):  # heads are remembered
        answer = place.verifier.post(f"{path}?dry%20run=1&b", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/dry run", "unknown_parameter")]
    nobody = {"Authorization": "Bearer lsk_test_nobody"}
    assert place.verifier.post(f"{path}?dry_run", json=body, headers=nobody).status_code == 401
    assert place.verifier.post(f"{path}?", json=body).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413(place: Place, chunked: bool) -> None:  # noqa: FBT001 - two ways to send one
    body = json.dumps({"key": "x" * 65_536}).encode()
    content = iter([body[:1000], body[1000:]]) if chunked else body
    assert place.verifier.post("/v1/verify", content=content).status_code == 413
    assert place.verifier.post("/v1/verify", content=json.dumps({"key": "x" * 65_000}).encode()).status_code == 200


def test_a_body_over_the_limit_is_refused_by_its_length_alone(place: Place) -> None:
    """Not one byte of it is sent."""
    url = httpx.URL(str(place.verifier.base_url))
    with socket.create_connection((url.host, url.port or 80), timeout=5) as line:
        secret = place.document["secret_key"]
        head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\nContent-Length: 65537\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_compressed_body_is_415(place: Place) -> None:
    answer = place.verifier.post("/v1/verify", content=b"{}", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_the_keys_of_test_and_live_do_not_open_each_other(place: Place) -> None:
    live = key_format.generate("demo", "live")
    assert place.verify(key=live)["code"] == "NOT_FOUND"


def test_a_new_key_is_known_at_once_even_if_it_was_asked_for_before(place: Place) -> None:
    """The answer that there is no such key was remembered, and is taken back when there is one."""
    for _ in range(3):
        made = place.post("keys", {"license": place.sample["license"]})
        assert place.verify_until("VALID", key=made["secret"])["key"]["id"] == made["id"]


def test_a_wrong_method_is_told_the_right_one(place: Place) -> None:
    assert place.verifier.get("/v1/verify").headers["allow"] == "POST"
    assert place.verifier.head("/readyz").status_code == 200


def test_readiness_and_metrics_are_for_operators(place: Place) -> None:
    ready = place.verifier.get("/readyz").json()
    assert (ready["status"], ready["redis"], ready["facts"]) == ("ready", "ok", "whole")
    place.verify()
    metrics = place.verifier.get("/metrics").text
    assert 'licet_verify_verdicts_total{code="VALID"}' in metrics
    assert place.sample["key"] not in metrics


def test_with_a_token_set_metrics_ask_loopback_for_it_too(stack: Stack, tmp_path: Path) -> None:
    """Behind a proxy on the same machine everybody comes from there."""
    assert httpx.get(f"{stack.bootstrap['verify_url']}/metrics").status_code == 200  # where none is set
    with verify_nodes(1, tmp_path, {"LICET_METRICS_TOKEN": "t0k3n"}) as (node,):
        tried = [{}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer t0k3n"}]
        answers = [httpx.get(f"{node.url}/metrics", headers=headers).status_code for headers in tried]
    assert answers == [403, 403, 200]
