"""The OpenAPI documents: kept as they are served, valid, and telling the same things of every operation."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from drf_spectacular.validation import validate_schema

from tests.docs.documents import FILES, Operation, document, operations, resolved
from tests.places import Place
from verify.service.accounting.accountant import Accountant
from verify.service.facts.store import FactStore
from verify.service.routes.forward_auth import PREFIX
from verify.service.routes.table import Routes
from verify.service.settings import Settings
from verify.service.spool.spool import Spool

PLANES = list(FILES)
ALWAYS = {"400", "401", "403", "503"}


@pytest.mark.parametrize("plane", PLANES)
def test_the_kept_document_is_what_is_served(place: Place, plane: str) -> None:
    served = (place.api if plane == "management" else place.verifier).get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.text == FILES[plane].read_text(), f"{FILES[plane].name} is old: run `make docs` and commit it."


@pytest.mark.parametrize("plane", PLANES)
def test_the_document_is_valid_openapi_and_so_is_every_schema_in_it(plane: str) -> None:
    whole = document(plane)
    assert whole["openapi"].startswith("3.1.")
    validate_schema(whole)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    for name, shape in schemas(whole, "#"):
        try:
            jsonschema_rs.Draft202012Validator(shape | {"components": whole["components"]})
        except ValueError as error:
            pytest.fail(f"{name}: {error}")


def schemas(part: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that stands where OpenAPI wants a schema."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if isinstance(part, dict):
        for name, inner in part.items():
            if name == "schema" and isinstance(inner, dict):
                yield where, inner
            elif where.endswith("/components/schemas"):
                yield f"{where}/{name}", inner
            else:
                yield from schemas(inner, f"{where}/{name}")


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    for plane in PLANES:
        whole = document(plane)
        used = set(re.findall(r"#/components/[^'\"]+", str(whole)))
        made = {f"#/components/{kind}/{name}" for kind, found in whole["components"].items() for name in found}
        assert {name for name in made if "securitySchemes" not in name} == used


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag() -> None:
    names = Counter(operation.told["operationId"] for operation in operations())
    assert names.most_common(1)[0][1] == 1
    for operation in operations():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", str(operation)), operation
        assert re.fullmatch(r"[A-Z][^.]*", operation.told["summary"]), operation
        known = {tag["name"] for tag in document(operation.plane)["tags"]}
        assert set(operation.told["tags"]) <= known, operation


@pytest.mark.parametrize("operation", [one for one in operations() if one.path.startswith("/v1/")], ids=str)
def test_an_operation_tells_its_scope_its_problems_and_its_headers(operation: Operation) -> None:
    ((scheme, scopes),) = operation.told["security"][0].items()
    assert (scheme, len(scopes)) == ("secret_key", 1)
    assert f"`{scopes[0]}`" in operation.told["description"]
    responses = operation.told["responses"]
    assert set(responses) >= ALWAYS
    of_one = "{" in operation.path or (operation.path.startswith("/v1/stripe_connection") and "201" not in responses)
    assert ("404" in responses) == of_one
    assert ({"413", "415"} <= set(responses)) == (operation.method != "GET")
    for status, told in responses.items():
        response = resolved(operation.plane, told)
        assert response["description"]
        assert "Request-Id" in response["headers"], status
        if int(status) >= 400:
            assert list(response["content"]) == ["application/problem+json"]
    makes_one = "201" in responses and not operation.path.endswith(("/import", "_sessions"))
    assert makes_one == ("Location" in responses.get("201", {}).get("headers", {}))


@pytest.mark.parametrize("operation", [one for one in operations() if one.body], ids=str)
def test_a_body_is_closed_and_bounded(operation: Operation) -> None:
    body = operation.body or {}
    assert body.get("additionalProperties") is False or "maxItems" in body
    for name, told in operation.members.items():
        member = resolved(operation.plane, told)
        kinds = {member["type"]} if isinstance(member.get("type"), str) else set(member.get("type", ()))
        bounds = {"maxLength", "pattern", "format", "enum", "const"}
        if "string" in kinds and operation.plane == "management":
            assert bounds & member.keys(), name
        if "integer" in kinds:
            assert {"minimum", "maximum"} & member.keys(), name
        if "array" in kinds:
            assert "maxItems" in member, name


def test_every_id_says_how_it_begins() -> None:
    for operation in operations():
        for parameter in operation.parameters("path"):
            assert re.match(r"\^[a-z]+_\[", parameter["schema"]["pattern"]), operation


def test_the_verify_document_tells_every_address_but_its_own() -> None:
    settings = Settings("redis://", ())
    table = Routes(settings, FactStore("redis://"), Accountant("redis://", 1, 1), Spool(None, 0))._table
    told = {(one.method, one.path) for one in operations() if one.plane == "verify"}
    exact = {(method, path) for path, (method, _) in table.items() if not path.startswith(("/docs", "/openapi"))}
    assert told == exact | {("GET", PREFIX)}
