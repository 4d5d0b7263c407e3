"""What is wrong with a request is told thing by thing, each with a pointer to where it stands."""

import pytest

from tests.places import Place


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("", '{"name": "x", "code": "BAD CODE", "message": "hi"}', {"/code": "invalid", "/message": "unknown_field"}),
        ("", '{"name": "x", "code": "x", "non_field_errors": 1}', {"/non_field_errors": "unknown_field"}),
        ("", '{"name": "x", "code": "x", "": 1}', {"/": "unknown_field"}),
        ("", "[]", {"": "invalid"}),
        (
            "?bogus=1&limit=5",
            '{"name": "x", "code": "x", "nmae": "y"}',
            {"/bogus": "unknown_parameter", "/limit": "unknown_parameter", "/nmae": "unknown_field"},
        ),
        ("?bogus=1", '{"name": 1, "name": 2}', {"/bogus": "unknown_parameter", "/name": "duplicate_member"}),
        ("?bogus=1", "{", {"/bogus": "unknown_parameter"}),
        ("?bogus=1", '{"name": "x", "code": "x"}', {"/bogus": "unknown_parameter"}),
    ],
)
def test_each_thing_that_is_wrong_is_named(place: Place, asked: str, body: str, told: dict[str, str]) -> None:
    answer = place.api.post(f"/v1/products{asked}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert {error["pointer"]: error["code"] for error in errors} == told
    assert len(errors) == len(told)
    assert place.api.get("/v1/products?code=x").json()["data"] == []
