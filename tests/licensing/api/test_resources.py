"""Creating, reading and listing every resource over real HTTP, and the manners they share."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.places import Place
from verify.ground.ids import new

RESOURCES = ("products", "features", "meters", "plans", "customers", "licenses", "keys", "secret_keys")


def created(place: Place, resource: str) -> dict[str, Any]:
    sample = place.sample
    bodies: dict[str, dict[str, Any]] = {
        "products": {"code": "p-2", "name": "Second"},
        "features": {"code": "f-2", "name": "Second", "kind": "config"},
        "meters": {"code": "m-2", "name": "Second", "aggregation": "max", "unit": "GB", "properties": ["region"]},
        "plans": {"code": "plan-2", "name": "Second", "product": place.api.get("/v1/products").json()["data"][0]["id"]},
        "customers": {
            "name": "Ünïcode 客戶",
            "email": "a@example.com",
            "external_id": "x-1",
            "metadata": {"a": [1, None]},
        },
        "licenses": {"customer": sample["customer"], "plan": sample["plan"], "quantity": 3},
        "keys": {"license": sample["license"], "name": "Second", "prefix": "acme", "scopes": ["reports:read"]},
        "secret_keys": {"name": "Second", "scopes": ["verify"]},
    }
    return place.post(resource, bodies[resource])


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_was_created_is_read_and_listed_alike(place: Place, resource: str) -> None:
    made = created(place, resource)
    secret = made.pop("secret", None)
    assert (secret is not None) == (resource in ("keys", "secret_keys"))
    read = place.api.get(f"/v1/{resource}/{made['id']}")
    assert read.json() == made
    assert "secret" not in read.text
    listed = place.api.get(f"/v1/{resource}").json()
    assert made in listed["data"]
    assert (listed["object"], listed["has_more"], listed["next_cursor"]) == ("list", False, None)


@pytest.mark.parametrize("resource", RESOURCES)
def test_anothers_object_and_a_missing_one_are_the_same_404(new_place: Callable[[], Place], resource: str) -> None:
    mine, others = new_place(), new_place()
    theirs = created(others, resource)["id"]
    answers = [
        mine.api.get(f"/v1/{resource}/{name}") for name in (theirs, new(theirs.split("_")[0]), "nonsense", "%00")
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body.pop("request_id")
        body.pop("instance")
    assert all(body == bodies[0] for body in bodies)
    assert theirs not in mine.api.get(f"/v1/{resource}?limit=100").text


@pytest.mark.parametrize("field", ["customer", "plan"])
def test_a_reference_to_anothers_object_is_refused_like_a_missing_one(
    new_place: Callable[[], Place], field: str
) -> None:
    mine, others = new_place(), new_place()
    told = []
    for name in (others.sample[field], new(others.sample[field].split("_")[0])):
        body = {"customer": mine.sample["customer"], "plan": mine.sample["plan"], field: name}
        answer = mine.api.post("/v1/licenses", json=body)
        assert answer.status_code == 400
        told.append(answer.json()["errors"])
    assert told[0] == told[1]
    assert told[0][0]["pointer"] == f"/{field}"


def test_pages_are_walked_by_cursor_newest_first_and_whole(place: Place) -> None:
    made = [place.post("customers", {"name": f"Customer {number}"})["id"] for number in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page = place.api.get("/v1/customers", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in page["data"]]
        place.post("customers", {"name": "Made meanwhile"})  # must not shift what comes after
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == [*reversed(made), place.sample["customer"]]


def test_a_cursor_is_good_in_its_own_list_and_environment_only(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    for place in (mine, others):
        place.post("customers", {"name": "Another"})
    cursor = others.api.get("/v1/customers", params={"limit": 1}).json()["next_cursor"]
    for path in ("customers", "licenses"):
        answer = mine.api.get(f"/v1/{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        *((f"limit={text}", "/limit") for text in ("0", "101", "-1", "x", "٣", "", "1&limit=2")),
        *(("cursor=x", "/cursor"), ("colour=red", "/colour"), ("customer=x", "/customer")),
    ],
)
def test_a_bad_parameter_is_named(place: Place, query: str, pointer: str) -> None:
    answer = place.api.get(f"/v1/licenses?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_lists_are_filtered_by_their_parent(place: Place) -> None:
    other = place.post("licenses", {"customer": place.sample["customer"], "plan": place.sample["plan"]})["id"]
    key = place.post("keys", {"license": other})["id"]
    assert [row["id"] for row in place.api.get(f"/v1/keys?license={other}").json()["data"]] == [key]
    assert place.api.get(f"/v1/keys?license={new('lic')}").json()["data"] == []
    customer = place.sample["customer"]
    assert len(place.api.get(f"/v1/licenses?customer={customer}").json()["data"]) == 2


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b'{"name": "a", "name": "b"}', 400, "/name"),
        (b'{"name": "a\\u0000"}', 400, "/name"),
        (b'{"name": "\\ud800"}', 400, "/name"),
        (b'{"name": 5}', 400, "/name"),
        (b'{"name": true}', 400, "/name"),
        (b'{"name": ""}', 400, "/name"),
        (b'{"name": "%s"}' % (b"x" * 201), 400, "/name"),
        (b'{"nmae": "a"}', 400, "/nmae"),
        (b'{"name": "a", "metadata": {"deep": {"n": 9223372036854775808}}}', 400, "/metadata/deep/n"),
        (b'{"name": "a", "metadata": 1}', 400, "/metadata"),
        (b'{"name": "a", "metadata": {"b": {"c": 1, "c": 2}}}', 400, "/metadata/b/c"),
        (b'{"name": "a", "metadata": {"~/": "\\u0000"}}', 400, "/metadata/~0~1"),
        (b'{"\\ud800": 1, "\\ud800": 2}', 400, ""),
        (b'{"name": "a", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 400, "/metadata" + "/a" * 31),
        (b'{"name": "a", "email": 5}', 400, "/email"),
        (b'{"name": "a", "email": "nobody"}', 400, "/email"),
        (b"{}", 400, "/name"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_made(place: Place, body: bytes, status: int, pointer: str) -> None:
    before = place.api.get("/v1/customers").json()
    answer = place.api.post("/v1/customers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert pointer in [error["pointer"] for error in problem["errors"]], problem
    assert problem["request_id"] == answer.headers["request-id"]
    assert place.api.get("/v1/customers").json() == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        (b"[]", {}, 400),
        (b"null", {}, 400),
        (b'{"name": NaN}', {}, 400),
        (b'{"metadata": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", {}, 400),
        (b'{"name": ' + b"9" * 5000 + b"}", {}, 400),
        (b'{"metadata": ' + b"[" * 925 + b"]" * 925 + b"}", {}, 400),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"name": "%s"}' % (b"x" * 1_100_000), {}, 413),
    ],
)
def test_a_body_that_is_not_one_is_a_problem_and_never_a_crash(
    place: Place, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = place.api.post("/v1/customers", content=body, headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= answer.json().keys()


def test_a_code_or_external_id_is_taken_once(place: Place) -> None:
    for path, body, field in (
        ("products", {"code": "api", "name": "Again"}, "code"),
        ("plans", {"code": "starter", "name": "Again", "product": None}, "code"),
        ("customers", {"name": "Again", "external_id": "sample"}, "external_id"),
    ):
        if "product" in body:
            body["product"] = place.api.get("/v1/products").json()["data"][0]["id"]
        answer = place.api.post(f"/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, f"/{field}")


def test_two_environments_may_use_the_same_code(new_place: Callable[[], Place]) -> None:
    for place in (new_place(), new_place()):
        place.post("products", {"code": "shared", "name": "Shared"})


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_method_that_is_not_there_is_405(place: Place, method: str) -> None:
    answer = place.api.request(method, f"/v1/customers/{place.sample['customer']}", json={})
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"


def test_times_are_shown_in_utc_with_z_and_read_with_any_offset(place: Place) -> None:
    body = {"license": place.sample["license"], "expires_at": "2030-01-01T02:00:00.123456+02:00"}
    made = place.post("keys", body)
    assert made["expires_at"] == "2030-01-01T00:00:00.123Z"


@pytest.mark.parametrize(
    "text",
    ["2030-01-01", "2030-01-01T00:00:00", "yesterday", 5, "9999-12-31T23:59:59-14:00", "", "0001-01-01T00:00:00+14:00"],
)
def test_a_time_without_offset_or_out_of_range_is_refused(place: Place, text: object) -> None:
    answer = place.api.post("/v1/keys", json={"license": place.sample["license"], "expires_at": text})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/expires_at"


def test_the_openapi_document_lists_every_route_and_is_served(place: Place) -> None:
    document = place.api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith("/v1/") for path in document["paths"])
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert {("post", f"/v1/{resource}") for resource in RESOURCES} <= operations
    assert {("get", f"/v1/{resource}/{{id}}") for resource in RESOURCES} <= operations
    assert ("delete", "/v1/licenses/{id}/suspension") in operations
    assert json.dumps(document).count("#/components/responses/") > len(operations)


def test_every_error_is_told_at_once(place: Place) -> None:
    body = {"nmae": 1, "name": "", "email": "nobody", "colour": "red"}
    answer = place.api.post("/v1/customers", json=body)
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/nmae", "/name", "/email", "/colour"}
    answer = place.api.get("/v1/licenses?limit=0&bogus=1&other=2&customer=x")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/limit", "/bogus", "/other", "/customer"}


def test_what_is_not_there_is_told_before_what_is_wrong_with_the_body(place: Place) -> None:
    for method, path in (
        ("POST", f"licenses/{new('lic')}/suspension"),
        ("DELETE", f"licenses/{new('lic')}/suspension"),
        ("PATCH", f"plans/{new('plan')}"),
        ("GET", f"keys/{new('key')}"),
        ("DELETE", f"secret_keys/{new('skey')}"),
    ):
        answer = place.api.request(method, f"/v1/{path}?bogus=1", content=b"not even JSON")
        assert answer.status_code == 404, (method, path, answer.text)


def test_a_body_in_chunks_is_refused_and_never_taken_for_an_empty_one(place: Place) -> None:
    path = f"/v1/licenses/{place.sample['license']}/suspension"
    answer = place.api.post(path, content=iter([b'{"reason":', b' "unpaid"}']))
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert place.api.get(f"/v1/licenses/{place.sample['license']}").json()["status"] == "active"


@pytest.mark.parametrize(
    ("resource", "body", "pointer"),
    [
        ("products", {"code": 123, "name": "n"}, "/code"),
        ("keys", {"prefix": 9}, "/prefix"),
        ("keys", {"prefix": "lsk"}, "/prefix"),
        ("meters", {"code": "m", "name": "n", "aggregation": "sum", "properties": ["x" * 65]}, "/properties/0"),
        ("secret_keys", {"name": "n", "scopes": ["verify"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
def test_a_value_of_the_wrong_kind_is_never_bent_into_shape(
    place: Place, resource: str, body: dict[str, Any], pointer: str
) -> None:
    if resource == "keys":
        body = body | {"license": place.sample["license"]}
    answer = place.api.post(f"/v1/{resource}", json=body)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, [pointer])


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.999Z", "2300-01-01T00:00:00.123Z", "2040-02-29T12:00:00.001Z"])
def test_a_time_loses_no_millisecond(place: Place, text: str) -> None:
    made = place.post("keys", {"license": place.sample["license"], "expires_at": text})
    assert made["expires_at"] == text
    assert place.verify(key=made["secret"])["key"]["expires_at"] == text


@pytest.mark.parametrize("resource", ["plans", "licenses", "customers"])
def test_a_change_to_what_python_alone_takes_for_equal_is_a_change(place: Place, resource: str) -> None:
    path = f"/v1/{resource}/{place.sample[resource[:-1]]}"
    values = (0, False, 0.0, 1, True, 1.0)
    for value in values:
        beta = {"beta": value}
        body = {"plans": {"features": beta}, "licenses": {"overrides": {"features": beta}}}.get(resource)
        place.api.patch(path, json=body or {"metadata": beta}).raise_for_status()
        shown = place.api.get(path).text.replace(" ", "")
        assert f'{{"beta":{json.dumps(value)}}}' in shown
    if resource == "plans":
        assert place.api.get(path).json()["version"] == 1 + len(values)
