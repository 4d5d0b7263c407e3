"""The conventions of the public contract, sentence by sentence; each test opens with the sentence it holds."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenants import clock
from tests.places import Place
from tests.running.nodes import control_plane
from verify.ground.ids import decode, new

PREFIXES = {
    *("org", "env", "mem", "prod", "feat", "plan", "price", "cus", "lic", "key", "dev", "tok", "pol", "mtr", "grant"),
    *("evt", "whe", "whd", "req", "job", "aud", "res", "skey", "inv", "conn", "rule", "rep"),
}
PROBLEM = {"type", "title", "status", "detail", "instance", "code", "request_id"}
CUSTOMER_KEY = re.compile(r"^[a-z0-9]{1,16}_(test|live)_lc[0-9A-Za-z]{30}[0-9A-Za-z]{6}$")


def document(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get("/openapi.json").json()
    return found


def operations(place: Place) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document(place)["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def collections(place: Place) -> list[str]:
    return [path for _, path, operation in operations(place) if operation["operationId"].startswith("list_")]


def everything(place: Place) -> Iterator[dict[str, Any]]:
    place.post("audit_log/verification", status=202)
    for path in collections(place):
        yield from place.api.get(path, params={"limit": 100}).json()["data"]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def test_answers_are_json_in_utf_8_with_snake_case_names(place: Place) -> None:
    """JSON, UTF-8, `snake_case`."""
    place.post("customers", {"name": "Ünïcode 客戶"})
    answer = place.api.get("/v1/customers")
    assert answer.headers["Content-Type"] == "application/json"
    assert "Ünïcode 客戶" in answer.content.decode("utf-8")
    for schema in document(place)["components"]["schemas"].values():
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in schema.get("properties", {}))


def test_times_are_rfc_3339_in_utc_with_z(place: Place) -> None:
    """Times are RFC 3339 UTC with `Z`."""
    times = [text for one in everything(place) for name, text in members(one) if name.endswith("_at") and text]
    assert len(times) > 20
    for text in times:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
        datetime.fromisoformat(text)


def test_money_is_an_integer_in_minor_units_beside_its_currency(place: Place) -> None:
    """Money is an integer in minor units + ISO 4217 `currency`: whatever is named an amount keeps to it."""
    for schema in document(place)["components"]["schemas"].values():
        properties = schema.get("properties", {})
        for name in (name for name in properties if name.endswith("amount")):
            assert properties[name]["type"] in ("integer", "string"), name
            assert "currency" in properties, name


def test_ids_are_a_prefix_and_the_crockford_base32_of_a_uuidv7(place: Place) -> None:
    """Ids are a type prefix + Crockford base32 of a UUIDv7."""
    ids = [one["id"] for one in everything(place) if "id" in one]  # usage is sums, and has none
    assert len(ids) > 20
    for name in ids:
        prefix = name.split("_")[0]
        value = decode(prefix, name)
        assert prefix in PREFIXES
        assert value is not None
        assert value.version == 7
        made = datetime.fromtimestamp((value.int >> 80) / 1000, UTC)
        assert abs(made - clock.now()) < timedelta(minutes=10)


@pytest.mark.parametrize("credentials", [None, "Basic x", "Bearer", "Bearer nonsense", "Bearer lsk_test_lc" + "a" * 36])
def test_the_management_api_is_below_v1_and_wants_a_secret_key(place: Place, credentials: str | None) -> None:
    """Management API: base `/v1`, `Authorization: Bearer lsk_{test|live}_…`."""
    assert all(path.startswith("/v1/") for _, path, _ in operations(place))
    headers = {} if credentials is None else {"Authorization": credentials}
    answer = httpx.get(f"{place.api.base_url}/v1/products", headers=headers, timeout=20)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert re.match(r"lsk_(test|live)_", place.document["secret_key"])


def test_a_secret_key_belongs_to_one_environment(place: Place) -> None:
    """A secret key belongs to one environment, carries scopes such as `licenses:read`, `keys:write`, `verify`, `*`."""
    live = next(one for one in place.api.get("/v1/environments").json()["data"] if one["kind"] == "live")
    assert place.environment.public_id != live["id"]
    for scope in ("licenses:read", "keys:write", "verify", "*"):
        assert place.post("secret_keys", {"name": scope, "scopes": [scope]})["scopes"] == [scope]
    assert place.api.get("/v1/licenses").json()["data"]
    assert place.sample["license"] not in httpx.get(f"{place.api.base_url}/openapi.json", timeout=20).text


@pytest.mark.parametrize("path", ["members", "invitations", "environments", "audit_log"])
def test_the_star_covers_its_own_environment_only(place: Place, path: str) -> None:
    """Members, invitations, environments and the audit log need `organization:read|write`, never implied."""
    star = place.post("secret_keys", {"name": "Star", "scopes": ["*"]})["secret"]
    answer = place.api.get(f"/v1/{path}", headers={"Authorization": f"Bearer {star}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    reads = place.post("secret_keys", {"name": "Reads", "scopes": ["organization:read"]})["secret"]
    assert place.api.get(f"/v1/{path}", headers={"Authorization": f"Bearer {reads}"}).status_code == 200
    refused = place.api.post(f"/v1/{path}", json={}, headers={"Authorization": f"Bearer {reads}"})
    assert refused.status_code in (403, 405)


def test_a_secret_key_issues_only_what_it_has_itself(place: Place) -> None:
    """A secret key issues only secret keys with scopes ⊆ its own, same environment, no later expiry."""
    end = (clock.now() + timedelta(days=1)).isoformat()
    own = place.post("secret_keys", {"name": "Own", "scopes": ["secret_keys:write", "verify"], "expires_at": end})
    headers = {"Authorization": f"Bearer {own['secret']}"}

    def issue(**fields: Any) -> httpx.Response:
        body = {"name": "Sub", "scopes": ["verify"], "expires_at": own["expires_at"], **fields}
        return place.api.post("/v1/secret_keys", json=body, headers=headers)

    assert issue().status_code == 201
    assert issue(scopes=["licenses:read"]).json()["code"] == "scope_beyond_own"
    assert issue(scopes=["*"]).json()["code"] == "scope_beyond_own"
    assert issue(expires_at=None).json()["code"] == "expiry_beyond_own"
    assert issue(environment="env_x").json()["errors"][0]["pointer"] == "/environment"


def test_lists_have_one_shape_and_a_limit_from_1_to_100(place: Place) -> None:
    """Lists: object, data, has_more, next_cursor; `limit` 1 to 100 (default 20), `cursor`."""
    for number in range(22):
        place.post("customers", {"name": f"Customer {number}"})
    for path in collections(place):
        page = place.api.get(path).json()
        assert set(page) == {"object", "data", "has_more", "next_cursor"}, path
        assert page["object"] == "list"
        assert page["has_more"] is (page["next_cursor"] is not None)
        assert place.api.get(path, params={"limit": 100}).is_success
        for wrong in (0, 101, -1, "x", ""):
            answer = place.api.get(path, params={"limit": wrong})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/limit"), (path, wrong)
    first = place.api.get("/v1/customers").json()
    assert len(first["data"]) == 20
    rest = place.api.get("/v1/customers", params={"cursor": first["next_cursor"]}).json()
    assert len(rest["data"]) == 3
    assert not {one["id"] for one in first["data"]} & {one["id"] for one in rest["data"]}


@pytest.mark.parametrize(
    "path", ["keys?license={license}", "licenses?customer={customer}", "licenses?plan={plan}", "licenses?status=active"]
)
def test_a_parent_is_always_a_filter(place: Place, path: str) -> None:
    """Filters are documented query parameters: `keys?license=`, `licenses?customer=&plan=&status=`."""
    resource, name = path.split("?", maxsplit=1)[0], path.split("?")[1].split("=", maxsplit=1)[0]
    documented = document(place)["paths"][f"/v1/{resource}"]["get"]["parameters"]
    assert name in [parameter["name"] for parameter in documented]
    assert len(place.api.get(f"/v1/{path.format(**place.sample)}").json()["data"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"name": "x", "nmae": "y"}', "/nmae"),
        (b'{"name": "x", "name": "y"}', "/name"),
        (b'{"name": 5}', "/name"),
        (b'{"name": "a\\u0000b"}', "/name"),
        (b'{"name": "a\\ud800b"}', "/name"),
        (b'{"name": "x", "metadata": {"a": "\\udfff"}}', "/metadata/a"),
        (b'{"name": "x", "metadata": {"a": {"b": 1, "b": 2}}}', "/metadata/a/b"),
    ],
)
def test_what_is_wrong_in_a_body_is_400_and_named(place: Place, body: bytes, pointer: str) -> None:
    """An unknown body field, a duplicate JSON member, a bad value, U+0000 and lone surrogates are 400, each named."""
    answer = place.api.post("/v1/customers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_unknown_parameter_is_400_and_named_on_every_operation(place: Place) -> None:
    """An unknown query parameter is 400, named in `errors[].pointer`."""
    for path in collections(place):
        answer = place.api.get(path, params={"bogus": "1"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/bogus"), path


def test_a_compressed_body_is_415(place: Place) -> None:
    """A compressed body is 415."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = place.api.post("/v1/customers", content=gzip.compress(b'{"name": "x"}'), headers=headers)
    assert answer.status_code == 415
    asked = httpx.Headers({**headers, "Authorization": place.verifier.headers["Authorization"]})
    assert place.verifier.post("/v1/verify", content=gzip.compress(b"{}"), headers=asked).status_code == 415


def test_who_calls_may_they_and_is_it_there_come_before_what_they_sent(place: Place) -> None:
    """401, 403, 404 come before 400."""
    path, wrong = f"/v1/licenses/{place.sample['license']}/suspension?bogus=1", {"unheard": "of"}
    reader = place.post("secret_keys", {"name": "Reader", "scopes": ["licenses:read"]})["secret"]
    missing = f"/v1/licenses/{new('lic')}/suspension?bogus=1"
    for address, token, status in (
        (path, "nonsense", 401),
        (path, reader, 403),
        (missing, place.document["secret_key"], 404),
        (path, place.document["secret_key"], 400),
    ):
        answer = place.api.post(address, json=wrong, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


def test_verbs_say_what_is_done(place: Place) -> None:
    """Create `POST` (201), read `GET`, change `PATCH`, remove `DELETE`. A state change is a sub-resource."""
    made = place.api.post("/v1/products", json={"code": "new", "name": "New"})
    assert made.status_code == 201
    path = made.headers["Location"]
    assert place.api.get(path).json() == made.json()
    assert place.api.patch(path, json={"name": "Other"}).json()["name"] == "Other"
    assert place.api.delete(path).is_success
    assert place.api.get(path).status_code == 404
    last_words = {path.split("/")[-1] for method, path, _ in operations(place) if "{id}/" in path}
    assert last_words <= {"suspension", "revocation", "renewal", "rotation", "publication", "plan", "sending"}
    suspended = place.post(f"licenses/{place.sample['license']}/suspension", status=200)
    assert suspended["status"] == "suspended"
    assert place.api.delete(f"/v1/licenses/{place.sample['license']}/suspension").json()["status"] == "active"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "products?limit=0", 400),
        ("GET", "products/prod_x", 404),
        ("GET", "nowhere", 404),
        ("PUT", "products", 405),
        ("POST", "products", 400),
    ],
)
def test_errors_are_problem_details(place: Place, method: str, path: str, status: int) -> None:
    """Errors: RFC 9457 `application/problem+json`: type, title, status, detail, instance + code, request_id."""
    answer = place.api.request(method, f"/v1/{path}", json={} if method != "GET" else None)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert PROBLEM <= set(answer.json()) <= PROBLEM | {"errors"}
    assert answer.json()["status"] == status
    assert answer.json()["request_id"] == answer.headers["Request-Id"]
    for error in answer.json().get("errors", []):
        assert set(error) == {"pointer", "code", "detail"}


def test_anothers_object_and_a_missing_one_get_the_same_404(new_place: Callable[[], Place]) -> None:
    """The same 404, byte for byte but for `request_id` and `instance`."""
    mine, others = new_place(), new_place()
    told = []
    for name in (others.sample["license"], new("lic")):
        answer = mine.api.get(f"/v1/licenses/{name}")
        text = answer.text.replace(answer.json()["request_id"], "").replace(answer.json()["instance"], "")
        told.append((answer.status_code, text, sorted(answer.headers)))
    assert told[0] == told[1]


def test_every_post_takes_an_idempotency_key(place: Place) -> None:
    """`Idempotency-Key` on every POST of the management API."""
    headers = {"Idempotency-Key": "one"}
    for path in (path for method, path, _ in operations(place) if method == "post"):
        empty = place.api.post(path.replace("{id}", new("lic")), json={}, headers={"Idempotency-Key": ""})
        assert empty.status_code in (400, 404), path
    body = {"name": "Once"}
    first = place.api.post("/v1/customers", json=body, headers=headers)
    again = place.api.post("/v1/customers", json=body, headers=headers)
    other = place.api.post("/v1/customers", json={"name": "Other"}, headers=headers)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_every_answer_is_named(place: Place) -> None:
    """`Request-Id: req_…` on every answer."""
    answers = [
        *(place.api.get(path) for path in ("/livez", "/readyz", "/openapi.json", "/v1/products", "/v1/nothing", "/")),
        *(place.verifier.get(path) for path in ("/livez", "/readyz", "/nothing", "/openapi.json")),
        place.verifier.post("/v1/verify", json={"key": "x"}),
    ]
    for answer in answers:
        assert decode("req", answer.headers["Request-Id"]), answer.url


def test_over_the_rate_is_429_with_its_limit_and_when_to_come_again(place: Place, tmp_path: Path) -> None:
    """`RateLimit`/`RateLimit-Policy`/`Retry-After` on 429; LICET_API_RATE_PER_SECOND per secret key."""
    headers = {"Authorization": place.api.headers["Authorization"]}
    with (
        control_plane(tmp_path, {"LICET_API_RATE_PER_SECOND": "2"}) as slow,
        httpx.Client(base_url=slow.url, headers=headers, timeout=20) as caller,
    ):
        while (answer := caller.get("/v1/products")).status_code != 429:
            assert answer.status_code == 200
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= {
        name.title().replace("limit", "Limit") for name in answer.headers
    }


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/livez", "/readyz", "/metrics"])
def test_both_planes_have_their_document_their_health_and_their_metrics(place: Place, path: str) -> None:
    """`GET /openapi.json`, `/docs`, `/livez`, `/readyz`, `/metrics` on both planes."""
    for plane in (place.api, place.verifier):
        answer = plane.get(path, headers={"Authorization": ""}, follow_redirects=True)
        assert answer.status_code == 200, (plane.base_url, path)
        if path == "/openapi.json":
            assert answer.json()["openapi"].startswith("3.1")
            assert all(name.startswith(("/v1/", "/")) for name in answer.json()["paths"])


def test_a_write_answers_its_revision_and_a_verdict_shows_it(place: Place) -> None:
    """A management write answers `Licet-Revision`."""
    told = place.api.post("/v1/products", json={"code": "new", "name": "New"}).headers["Licet-Revision"]
    changed = place.api.patch(f"/v1/keys/{place.sample['key']}", json={"name": "Renamed"})
    revision = int(changed.headers["Licet-Revision"])
    assert revision > int(told)
    while place.verify()["revision"] < revision:
        pass
    assert place.verify()["key"]["name"] == "Renamed"


@pytest.mark.parametrize(
    "path",
    [
        "keys/{key}/revocation",
        "keys/{key}/suspension",
        "licenses/{license}/suspension",
        "licenses/{license}/revocation",
    ],
)
def test_what_could_not_be_told_yet_is_202_and_pending(place: Place, tmp_path: Path, path: str) -> None:
    """A revocation or suspension that could not be told to the data plane yet answers 202, never a silent 200."""
    headers = {"Authorization": place.api.headers["Authorization"], "Idempotency-Key": "k"}
    with control_plane(tmp_path, {"REDIS_URL": "redis://127.0.0.1:9/0"}) as cut_off:
        url = f"{cut_off.url}/v1/{path.format(**place.sample)}"
        answer = httpx.post(url, json={}, headers=headers, timeout=20)
        if answer.status_code == 200:  # the running copy's relay was quicker than the answer
            assert "propagation" not in answer.json()
        else:
            assert (answer.status_code, answer.json()["propagation"]) == (202, "pending")
    while place.verify()["code"] == "VALID":
        pass
    again = place.api.post(f"/v1/{path.format(**place.sample)}", json={}, headers={"Idempotency-Key": "k"})
    assert (again.status_code, "propagation" in again.json()) == (200, False)


def test_keys_are_spelled_so_that_one_pattern_finds_every_leaked_one(place: Place) -> None:
    """Customer keys match the published pattern; ours (`lsk_`) alike. One pattern finds every leaked key."""
    issued = [
        place.post("keys", {"license": place.sample["license"], "prefix": prefix})["secret"]
        for prefix in ("a", "acme" * 4)
    ]
    issued.append(place.post("secret_keys", {"name": "x", "scopes": ["verify"]})["secret"])
    for secret in (*issued, place.document["secret_key"], place.sample["key_secret"]):
        assert CUSTOMER_KEY.fullmatch(secret), secret
    leaked = json.dumps({"config": f"token={issued[0]}; other: {issued[2]}"})
    assert re.findall(CUSTOMER_KEY.pattern.strip("^$").replace("(test|live)", "(?:test|live)"), leaked) == [
        issued[0],
        issued[2],
    ]
