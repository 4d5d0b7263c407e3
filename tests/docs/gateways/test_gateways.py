"""Each gateway with the configuration that docs/gateways/ ships: who may pass and who not, what no caller can say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.docs.gateways.gateways import EVERY, Command, Places, haproxy, running
from tests.docs.gateways.upstream import Got, Upstream
from tests.places import Place
from tests.running.nodes import verify_nodes
from tests.running.stack import free_port
from tests.verify.service.kept import kept_decision

EVIL = "203.0.113.66"
REPORTS_SPELLED_OTHERWISE = (
    *("/v1/reports", "/v1/reports?x=1"),
    *("/v1/%72eports/x", "/v1//reports/x", "//v1/reports/x", "/v1/./reports/x", "/v1/a/../reports/x"),
    *("/v1/%2e/reports/x", "/v1/a/%2e%2e/reports/x", "/v1%2Freports/x", "/v1/reports%2Fx"),
)


@dataclass
class Site:
    """A gateway, what is behind it, and a tenant's calls to it."""

    gateway: httpx.Client
    upstream: Upstream
    place: Place

    def call(self, key: str | None, path: str = "/v1/things?a=1&b=2", **more: Any) -> httpx.Response:
        headers = [("X-Api-Key", key)] if key is not None else []
        headers += more.pop("headers", [])
        return self.gateway.request(more.pop("method", "POST"), path, headers=headers, **more)

    def passed(self, key: str, path: str = "/v1/things?a=1&b=2", **more: Any) -> Got:
        """What the upstream got of a call that may pass."""
        before = len(self.upstream.got)
        answer = self.call(key, path, **more)
        assert answer.status_code == 200, answer.text
        (got,) = self.upstream.got[before:]
        return got

    def refused(self, key: str | None, path: str = "/v1/things?a=1&b=2", **more: Any) -> tuple[int, str]:
        """Status and code; the upstream hears nothing."""
        before = len(self.upstream.got)
        answer = self.call(key, path, **more)
        assert self.upstream.got[before:] == []
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        return answer.status_code, answer.json()["code"]

    def key(self, overrides: dict[str, Any] | None = None, **more: Any) -> str:
        license = self.place.sample["license"]
        if overrides is not None:
            body = {"customer": self.place.sample["customer"], "plan": self.place.sample["plan"]}
            license = self.place.post("licenses", body | {"overrides": overrides})["id"]
        secret: str = self.place.post("keys", {"license": license, **more})["secret"]
        return secret


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream().serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def licet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A verify node that believes gateways on this machine."""
    with verify_nodes(1, tmp_path_factory.mktemp("node"), {"TRUSTED_PROXIES": "127.0.0.1"}) as (node,):
        yield urlsplit(node.url).port or 0


@pytest.fixture(scope="module", params=list(EVERY))
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    upstream: Upstream,
    licet: int,
    target: Place,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("gateway") / "own"
    secret_key = target.document["secret_key"]
    with running(EVERY[request.param], folder, licet=licet, api=upstream.port, secret_key=secret_key) as gateway:
        yield Site(gateway, upstream, target)


def test_who_may_pass_passes_as_they_were_and_the_upstream_is_told_who_it_is(site: Site) -> None:
    sample = site.place.sample
    got = site.passed(sample["key_secret"], content=b"whole body", headers=[("Content-Encoding", "gzip")])
    assert (got.method, got.target, got.body) == ("POST", "/v1/things?a=1&b=2", b"whole body")
    told = got.of_gateway()
    assert {name: told[name] for name in told if name.startswith("licet") and name != "licet-request-id"} == {
        "licet-code": ["VALID"],
        "licet-key-id": [sample["key"]],
        "licet-license-id": [sample["license"]],
        "licet-customer-id": [sample["customer"]],
        "licet-plan": ["starter"],
        "licet-scopes": ["reports:read reports:write"],
    }
    assert told["x-forwarded-for"] == ["127.0.0.1"]
    kept = kept_decision(site.place, got.header("licet-request-id"))
    assert kept == ("VALID", "127.0.0.1", "POST", "/v1/things")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_method_is_asked_about_as_it_is(site: Site, method: str) -> None:
    got = site.passed(site.place.sample["key_secret"], method=method)
    assert got.method == method
    assert kept_decision(site.place, got.header("licet-request-id")).method == method


def test_a_bearer_key_is_as_good(site: Site) -> None:
    headers = [("Authorization", f"Bearer {site.place.sample['key_secret']}")]
    assert site.call(None, headers=headers).status_code == 200


def test_who_is_not_known_is_401(site: Site) -> None:
    assert site.refused(None) == (401, "NOT_FOUND")
    assert site.refused("nonsense", content=b"x" * 100_000) == (401, "NOT_FOUND")
    answer = site.call(None)
    assert answer.headers.get_list("www-authenticate") == ['Bearer realm="licet"']
    key = site.place.post("keys", {"license": site.place.sample["license"]})
    site.place.post(f"keys/{key['id']}/revocation", {"reason": "test"}, status=200)
    site.place.verify_until("KEY_REVOKED", key=key["secret"])
    assert site.refused(key["secret"]) == (401, "KEY_REVOKED")


def test_who_may_not_is_403_and_a_route_may_need_more_than_others(site: Site) -> None:
    key = site.key(scopes=["reports:write"])
    assert site.passed(key).header("licet-scopes") == "reports:write"
    assert site.refused(key, "/v1/reports/x?a=1") == (403, "SCOPE_MISSING")
    reader = site.passed(site.key(scopes=["reports:read"]), "/v1/reports/x?a=1")
    assert (reader.header("licet-scopes"), reader.target) == ("reports:read", "/v1/reports/x?a=1")


@pytest.mark.parametrize("path", REPORTS_SPELLED_OTHERWISE)
def test_a_path_spelled_otherwise_opens_no_route(site: Site, path: str) -> None:
    before = len(site.upstream.got)
    url = httpx.URL(str(site.gateway.base_url)).copy_with(raw_path=path.encode())
    site.gateway.send(httpx.Request("GET", url, headers={"X-Api-Key": site.key(scopes=["reports:write"])}))
    assert [got.target for got in site.upstream.got[before:] if "report" in got.target] == []


def test_too_many_calls_are_429_with_seconds_to_wait(site: Site) -> None:
    limits = [{"name": "steady", "limit": 1, "period_seconds": 600, "per": "license"}]
    key = site.key({"rate_limits": limits})
    site.passed(key)
    assert site.refused(key) == (429, "RATE_LIMITED")
    answer = site.call(key)
    assert 500 < int(answer.headers["retry-after"]) <= 600
    assert answer.headers["ratelimit-policy"] == '"steady";q=1;w=600'
    assert answer.headers["cache-control"] == "no-store"


def test_a_route_may_use_more_than_others(site: Site) -> None:
    quotas = [{"meter": "requests", "limit": 3, "period": "lifetime", "overage": "deny", "per": "license"}]
    key = site.key({"quotas": quotas})
    site.passed(key, "/v1/reports/x")
    assert site.refused(key, "/v1/reports/x") == (429, "QUOTA_EXCEEDED")
    site.passed(key)
    assert site.refused(key) == (429, "QUOTA_EXCEEDED")


def hostile(site: Site) -> list[tuple[str, str]]:
    """Whatever a caller might hope for, in every spelling."""
    said = {
        "Licet-Secret-Key": site.place.document["secret_key"],
        "Licet-Scopes": "reports:write",
        "Licet-Features": "",
        "Licet-Usage": "requests=0",
        "Licet-Key-Header": "X-Evil",
        "Licet-Idempotency-Key": "same",
        "Licet-Code": "VALID",
        "Licet-Request-Id": "req_evil",
        "Licet-Key-Id": "key_evil",
        "Licet-License-Id": "lic_evil",
        "Licet-Customer-Id": "cus_evil",
        "Licet-Plan": "evil",
        "X-Forwarded-For": EVIL,
        "X-Forwarded-Method": "DELETE",
        "X-Forwarded-Uri": "/evil",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Server": "evil",
        "Forwarded": f"for={EVIL}",
    }
    spelled = list(said.items())
    spelled += [(name.lower().replace("-", "_"), value) for name, value in said.items()]
    spelled += [(name.upper(), value) for name, value in said.items()]
    return [*spelled, ("Idempotency-Key", "same"), ("X-Evil", site.place.sample["key_secret"])]


def test_what_a_caller_says_of_itself_changes_nothing_for_the_upstream_or_the_log(site: Site) -> None:
    key = site.place.sample["key_secret"]
    clean, dirty = site.passed(key), site.passed(key, headers=hostile(site))
    ids = {"licet-request-id"}
    assert {name: values for name, values in dirty.of_gateway().items() if name not in ids} == {
        name: values for name, values in clean.of_gateway().items() if name not in ids
    }
    kept = kept_decision(site.place, dirty.header("licet-request-id"))
    assert kept == ("VALID", "127.0.0.1", "POST", "/v1/things")


def test_what_a_caller_says_of_itself_changes_no_verdict(site: Site) -> None:
    said = hostile(site)
    assert site.refused(None, headers=said) == (401, "NOT_FOUND")
    assert site.refused(site.key(scopes=["reports:write"]), "/v1/reports/x", headers=said) == (403, "SCOPE_MISSING")
    assert site.refused(site.key(allowed_ips=[EVIL]), headers=said) == (403, "IP_NOT_ALLOWED")
    site.passed(site.key(allowed_ips=["127.0.0.1"]), headers=said)


@pytest.mark.parametrize("name", ["Licet-Customer-Id", "Licet-Scopes", "Licet-Secret-Key", "X-Forwarded-For"])
def test_a_caller_makes_the_gateway_drop_nothing(site: Site, name: str) -> None:
    """Proxies drop what `Connection` names (RFC 9110 §7.6.1); it must not be what they have just said themselves."""
    dropping = [("Connection", f"keep-alive, {name}")]
    key, before = site.key(scopes=["reports:write"], allowed_ips=["127.0.0.1"]), len(site.upstream.got)
    assert site.call(key, "/v1/reports/x", headers=dropping).status_code in (400, 403)
    assert site.upstream.got[before:] == []
    clean, answer = site.passed(key).of_gateway(), site.call(key, headers=dropping)
    if answer.status_code != 400:  # Envoy refuses some
        assert site.upstream.got[-1].of_gateway() | {"licet-request-id": clean["licet-request-id"]} == clean


def test_a_caller_makes_no_call_a_repeat_of_another(site: Site) -> None:
    quotas = [{"meter": "requests", "limit": 2, "period": "lifetime", "overage": "deny", "per": "license"}]
    key, said = site.key({"quotas": quotas}), hostile(site)
    for _ in range(2):
        site.passed(key, headers=said)
    assert site.refused(key, headers=said) == (429, "QUOTA_EXCEEDED")


def test_an_error_in_haproxys_script_lets_nobody_pass(
    upstream: Upstream, licet: int, target: Place, tmp_path: Path
) -> None:
    def broken(folder: Path, places: Places) -> Command:
        command = haproxy(folder, places)
        script = """core.register_action("licet", { "http-req" }, function() error("broken") end, 2)"""
        (folder / "haproxy" / "licet.lua").write_text(script)
        return command

    before, secret_key = len(upstream.got), target.document["secret_key"]
    with running(broken, tmp_path / "own", licet=licet, api=upstream.port, secret_key=secret_key) as client:
        answer = client.get("/v1/things", headers={"X-Api-Key": target.sample["key_secret"]})
    assert (answer.status_code, upstream.got[before:]) == (503, [])


def test_no_answer_and_no_secret_key_are_refusals(
    upstream: Upstream, licet: int, target: Place, tmp_path: Path
) -> None:
    """Licet is away; it takes calls and never answers; it does not know the gateway. All at once, since they wait."""
    secret_key, sample = target.document["secret_key"], target.sample["key_secret"]
    with ExitStack() as started, socket.create_server(("127.0.0.1", 0)) as silent:
        trouble = {"away": (free_port(), secret_key), "silent": (silent.getsockname()[1], secret_key)}
        trouble["stranger"] = (licet, "lsk_test_" + sample.rpartition("_")[2])
        gateways = {
            (name, kind): started.enter_context(
                running(EVERY[name], tmp_path / f"{name}-{kind}", licet=port, api=upstream.port, secret_key=secret)
            )
            for name in EVERY
            for kind, (port, secret) in trouble.items()
        }
        before = len(upstream.got)
        with ThreadPoolExecutor(len(gateways)) as crowd:
            asked = {
                which: crowd.submit(client.post, "/v1/things", headers={"X-Api-Key": sample})
                for which, client in gateways.items()
            }
            told = {which: answer.result().status_code for which, answer in asked.items()}
    assert upstream.got[before:] == []
    # Envoy hands on what Licet says to a gateway that it does not know.
    assert told == {which: 401 if which == ("envoy", "stranger") else 503 for which in told}
