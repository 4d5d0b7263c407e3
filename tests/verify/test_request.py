"""What a verify request may be; everything else is refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.request import BadRequest, VerifyRequest, parse, parse_batch


def refused(body: bytes | dict[str, Any]) -> BadRequest:
    with pytest.raises(BadRequest) as bad:
        parse(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert bad.value.detail.endswith(".")
    return bad.value


def test_a_key_alone_is_enough_and_costs_one_request() -> None:
    assert parse(b'{"key": "k"}') == VerifyRequest(key="k", usage={"requests": 1})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/key"),
        ({"key": "k", "token": "t"}, "/key"),
        ({"key": 1}, "/key"),
        ({"key": "k", "scopes": ["a", 2]}, "/scopes/1"),
        ({"key": "k", "scopes": ["a"] * 257}, "/scopes"),
        ({"key": "k", "features": ["\0"]}, "/features"),
        ({"key": "k", "usage": {"requests": -1}}, "/usage"),
        ({"key": "k", "usage": {"requests": 10**12 + 1}}, "/usage"),
        ({"key": "k", "usage": {"requests": 1.5}}, "/usage"),
        ({"key": "k", "usage": {"requests": "1"}}, "/usage"),
        ({"key": "k", "usage": {"requests": True}}, "/usage"),
        ({"key": "k", "ip": "10.0.0.256"}, "/ip"),
        ({"key": "k", "user": "a\0b"}, "/user"),
        ({"key": "k", "context": {"a": "x" * 5000}}, "/context"),
        ({"key": "k", "context": {"a": [1] * 257}}, "/context"),
        ({"key": "k", "context": {"a": {"b\0": 1}}}, "/context"),
        ({"key": "k", "context": []}, "/context"),
        ({"key": "k", "keys": "k"}, "/keys"),
        ({"key": "k", "a/b~c": 1}, "/a~1b~0c"),
        ({"key": "k", "a`b": 1}, "/a`b"),
        ({"key": "k", "a` - at `$.x": 1}, "/a` - at `$.x"),
        ({"key": "k", "dpop": "a\0b"}, "/dpop"),
        ({"key": "k", "user": "\ud800"}, "/user"),
        ({"key": "k", "context": {"a": ["\ud800"]}}, "/context"),
        ({"key": "\ud800", "a/\ud800": 1}, ""),
    ],
)
def test_the_wrong_member_is_named(body: dict[str, Any], pointer: str) -> None:
    assert refused(body).pointer == pointer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"key"',
        b"\xff",
        b'{"key": NaN}',
        b'{"key": "k", "usage": {"requests": 1e400}}',
        b'{"key": "k", "usage": {"requests": ' + b"9" * 5000 + b"}}",
        b'{"key": "k", "context": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
        b'{"key": "k", "user": "\\ud800"}',
        b'{"key": "\xed\xa0\x80"}',
        *('{"key": "k"}'.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig")),
    ],
)
def test_what_is_not_such_json_is_refused_and_never_crashes(body: bytes) -> None:
    refused(body)


@pytest.mark.parametrize("member", ["key", "token"])
@pytest.mark.parametrize("text", [b"\\ud800", b"a\\u0000b", b""])
def test_odd_text_in_key_or_token_is_only_an_unknown_key(member: str, text: bytes) -> None:
    assert getattr(parse(b'{"%s": "%s"}' % (member.encode(), text)), member) is not None


def test_of_duplicates_the_last_counts() -> None:
    assert parse(b'{"key": "a", "key": "b"}').key == "b"
    assert parse(b'{"key": 5, "scopes": 5, "key": "b", "scopes": []}').key == "b"
    assert refused(b'{"key": "a", "key": 5}').pointer == "/key"


@pytest.mark.parametrize("odd", [b'"user": "\\ud800"', b'"context": {"n": 1e400}', b'"usage": {"n": 1.0}', b'"x": 1'])
def test_what_is_read_again_is_read_as_strictly(odd: bytes) -> None:
    for key in (b"5", b'"\\ud800"'):
        refused(b'{"key": %s, "key": "\\ud800", %s}' % (key, odd))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_either_taken_or_refused(document: Any) -> None:
    try:
        parse(json.dumps(document).encode())
    except BadRequest as bad:
        assert bad.detail  # noqa: PT017 - both ends are right, a third would not be


def test_a_batch_is_an_array_of_requests() -> None:
    asked = parse_batch(b'[{"key": "a"}, {"key": "b", "usage": {}}]')
    assert [(one.key, one.usage) for one in asked] == [("a", {"requests": 1}), ("b", {})]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{}", ""),
        (b"[]", ""),
        (b"[1]", "/0"),
        (b'[{"key": "a"}, {"key": 1}]', "/1/key"),
        (b'[{"key": "a"}, {"kee": "b"}]', "/1/kee"),
        (b"[" + b",".join([b'{"key": "a"}'] * 101) + b"]", ""),
        (b"[" * 20_000, ""),
        (b'[{"key": "a", "ip": "nowhere"}]', "/0/ip"),
    ],
)
def test_what_is_wrong_in_a_batch_is_named_by_its_place(body: bytes, pointer: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_batch(body)
    assert refused.value.pointer == pointer


def test_however_deep_a_context_is_nested_it_is_taken_or_refused() -> None:
    """Reading and writing it reach their ends at other depths, which depend on who calls."""
    taken = set()
    for depth in range(700, 1100):
        body = b'{"key": "k", "context": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
        try:
            taken.add(parse(body).key)
        except BadRequest:
            taken.add(None)
    assert taken == {"k", None}
