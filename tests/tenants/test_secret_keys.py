"""Our own secret keys: what they may do, what they may hand on, and how they end."""

from datetime import timedelta

import httpx
import pytest

from tenants import clock
from tests.places import Place


def using(place: Place, secret: str) -> httpx.Client:
    return httpx.Client(base_url=place.api.base_url, headers={"Authorization": f"Bearer {secret}"}, timeout=20)


def issue(place: Place, *scopes: str, **more: str) -> str:
    secret: str = place.post("secret_keys", {"name": "k", "scopes": list(scopes), **more})["secret"]
    return secret


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer lsk_test_lc" + "0" * 36]
)
def test_a_stranger_is_told_nothing(place: Place, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answers = [
        httpx.get(f"{place.api.base_url}/v1/licenses/{place.sample['license']}", headers=headers, timeout=20),
        httpx.post(f"{place.verifier.base_url}/v1/verify", headers=headers, content=b"not even JSON", timeout=20),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_secret_key"
        assert "bearer" in answer.headers["www-authenticate"].lower()


def test_a_scope_opens_its_own_resource_alone(place: Place) -> None:
    with using(place, issue(place, "licenses:read")) as reader:
        assert reader.get("/v1/licenses").status_code == 200
        for method, path in (("GET", "customers"), ("POST", "licenses"), ("GET", "keys"), ("POST", "secret_keys")):
            answer = reader.request(method, f"/v1/{path}", content=b"not even JSON")
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


def test_verify_wants_its_scope_before_it_reads_the_body(place: Place) -> None:
    secret = issue(place, "licenses:read")
    answer = place.verifier.post("/v1/verify", content=b"not even JSON", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    allowed = {"Authorization": f"Bearer {issue(place, 'verify')}"}
    assert place.verifier.post("/v1/verify", content=b"{", headers=allowed).status_code == 400


def test_a_secret_key_hands_on_only_what_it_has(place: Place) -> None:
    with using(place, issue(place, "secret_keys:write", "licenses:read")) as limited:
        for scopes in (["licenses:write"], ["*"], ["organization:read"], ["licenses:read", "verify"]):
            answer = limited.post("/v1/secret_keys", json={"name": "k", "scopes": scopes})
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_beyond_own")
        assert limited.post("/v1/secret_keys", json={"name": "k", "scopes": ["licenses:read"]}).status_code == 201
    with using(place, issue(place, "*")) as wide:
        assert wide.post("/v1/secret_keys", json={"name": "k", "scopes": ["organization:read"]}).status_code == 403


def test_a_secret_key_issues_none_that_outlives_it(place: Place) -> None:
    end = (clock.now() + timedelta(hours=1)).isoformat()
    with using(place, issue(place, "*", expires_at=end)) as short:
        late = (clock.now() + timedelta(hours=2)).isoformat()
        for body in ({"expires_at": late}, {}):
            answer = short.post("/v1/secret_keys", json={"name": "k", "scopes": ["verify"], **body})
            assert (answer.status_code, answer.json()["code"]) == (403, "expiry_beyond_own")
        assert short.post("/v1/secret_keys", json={"name": "k", "scopes": ["verify"], "expires_at": end}).is_success


def test_a_revoked_secret_key_opens_neither_plane(place: Place) -> None:
    made = place.post("secret_keys", {"name": "k", "scopes": ["*"]})
    header = {"Authorization": f"Bearer {made['secret']}"}
    body = {"key": place.sample["key_secret"]}
    assert place.verifier.post("/v1/verify", json=body, headers=header).status_code == 200
    assert place.api.delete(f"/v1/secret_keys/{made['id']}").json()["revoked_at"] is not None
    assert place.api.get("/v1/licenses", headers=header).status_code == 401
    assert place.verifier.post("/v1/verify", json=body, headers=header).status_code == 401


def test_a_secret_key_ends_at_its_time(place: Place) -> None:
    secret = issue(place, "*", expires_at=(clock.now() + timedelta(seconds=3)).isoformat())
    with using(place, secret) as ending:
        while ending.get("/v1/licenses").status_code == 200:
            pass
        body = {"key": place.sample["key_secret"]}
        header = {"Authorization": f"Bearer {secret}"}
        assert place.verifier.post("/v1/verify", json=body, headers=header).status_code == 401


def test_an_unknown_scope_is_named(place: Place) -> None:
    answer = place.api.post("/v1/secret_keys", json={"name": "k", "scopes": ["licenses:fly"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/scopes")
    assert "licenses:fly" in answer.json()["detail"]
