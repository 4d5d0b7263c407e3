"""What a gateway says in headers, and what is refused as doubtful."""

import pytest

from verify.request import BadRequest, VerifyRequest
from verify.service.routes.forwarding.asking import Asker, read

HERE = Asker("GET", "/v1/reports", "203.0.113.9")
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJrZXlfMSJ9.c2ln"


def asked(**headers: str) -> VerifyRequest:
    return read({name.replace("_", "-"): value for name, value in headers.items()}, (), HERE)


def refused(**headers: str) -> str:
    with pytest.raises(BadRequest) as bad:
        asked(**headers)
    return bad.value.pointer


@pytest.mark.parametrize(
    ("headers", "presented"),
    [
        ({}, ""),
        ({"authorization": "Bearer k1"}, "k1"),
        ({"authorization": "bearer  k1 "}, "k1"),
        ({"authorization": "Bearer k1", "x_api_key": "k2"}, "k1"),
        ({"authorization": "Basic dTpw", "x_api_key": "k2"}, "k2"),
        ({"authorization": "Basic dTpw"}, ""),
        ({"authorization": "k1"}, ""),
        ({"x_api_key": "k2"}, "k2"),
        ({"licet_key_header": "X-Acme", "x_acme": "k3", "authorization": "Bearer k1"}, "k3"),
        ({"licet_key_header": "X-Acme", "authorization": "Bearer k1", "x_api_key": "k2"}, ""),
        ({"licet_key_header": "Authorization", "authorization": "Bearer k1"}, "k1"),
        ({"licet_key_header": "Authorization", "x_api_key": "k2"}, ""),
    ],
)
def test_the_key_is_taken_from_where_the_gateway_says_or_else_from_the_usual_headers(
    headers: dict[str, str], presented: str
) -> None:
    assert asked(**headers).key == presented


def test_what_looks_like_a_token_is_asked_about_as_one() -> None:
    request = asked(
        authorization=f"DPoP {JWT}", dpop="proof", x_forwarded_proto="https", x_forwarded_host="api.example"
    )
    assert (request.key, request.token, request.dpop) == (None, JWT, "proof")
    assert request.url == "https://api.example/v1/reports"
    assert asked(x_api_key=JWT).token == JWT
    assert asked(x_api_key="SG.abc.def").key == "SG.abc.def"


def test_what_the_route_needs_is_listed_with_spaces() -> None:
    request = asked(
        licet_scopes="reports:read  admin%20all", licet_features="export", licet_usage="requests=2 tokens=0"
    )
    assert request.scopes == ["reports:read", "admin all"]
    assert request.features == ["export"]
    assert request.usage == {"requests": 2, "tokens": 0}


def test_a_route_that_needs_nothing_uses_one_request() -> None:
    """An empty header is a variable without a value: it must not make calls free."""
    for headers in ({}, {"licet_scopes": "", "licet_features": "", "licet_usage": " "}):
        request = asked(**headers)
        assert (request.scopes, request.features, request.usage) == ([], [], {"requests": 1})


def test_the_call_is_what_the_gateway_forwards_or_else_how_it_asked() -> None:
    request = asked(x_forwarded_method="POST", x_forwarded_uri="/v1/exports?name=Ann&key=secret")
    assert (request.method, request.resource, request.ip) == ("POST", "/v1/exports", "203.0.113.9")
    request = read({}, (), Asker("PATCH", "/v1/a b\0?", None))
    assert (request.method, request.resource, request.ip) == ("PATCH", "/v1/a%20b%00%3F", None)


@pytest.mark.parametrize("name", ["licet-scopes", "licet-secret-key", "x-forwarded-for", "x-forwarded-uri"])
def test_a_header_of_the_gateway_that_is_given_twice_is_refused(name: str) -> None:
    with pytest.raises(BadRequest) as bad:
        read({name: "a, b"}, (name,), HERE)
    assert bad.value.pointer == f"/{name}"


def test_a_callers_header_given_twice_is_its_own_business() -> None:
    assert read({"accept": "a, b", "x-api-key": "k"}, ("accept",), HERE).key == "k"


def test_two_headers_that_a_hop_has_joined_are_refused() -> None:
    assert refused(licet_scopes="reports:read,admin") == "/licet-scopes"
    assert refused(licet_usage="requests=1, requests=0") == "/licet-usage"
    assert refused(licet_idempotency_key="a, b") == "/licet-idempotency-key"
    assert refused(x_forwarded_method="GET, POST") == "/x-forwarded-method"
    assert refused(x_forwarded_uri="/a, /b") == "/x-forwarded-uri"


def test_a_header_that_nobody_knows_is_refused_as_it_may_have_been_meant_to_forbid() -> None:
    assert refused(licet_scope="admin") == "/licet-scope"
    assert refused(licet_customer_id="cus_1") == "/licet-customer-id"


@pytest.mark.parametrize(
    "usage",
    ["requests", "requests=", "=1", "requests=-1", "requests=1.5", "a=\uff11", "a=1 a=2", f"a={10**12 + 1}"],
)
def test_usage_is_whole_numbers_by_meter(usage: str) -> None:
    assert refused(licet_usage=usage) == "/licet-usage"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("licet_scopes", "a " * 257),
        ("licet_scopes", "a%00"),
        ("licet_features", "f" * 2049),
        ("x_forwarded_method", "GE T"),
        ("x_forwarded_uri", "/a b"),
        ("x_forwarded_uri", "/" * 2049),
        ("x_forwarded_uri", "?a=1"),
    ],
)
def test_what_verify_would_not_take_is_refused(name: str, value: str) -> None:
    assert refused(**{name: value}) == f"/{name.replace('_', '-')}"
