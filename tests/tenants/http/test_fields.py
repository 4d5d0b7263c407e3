"""What a field takes: exactly what the document says of it, and nothing bent into shape."""

from typing import Any

import pytest
from rest_framework import serializers

from tenants.http.fields import Code, Moment, Pattern, Text
from tenants.http.json import loads
from tenants.rules.refusal import Refusal


@pytest.mark.parametrize("text", [" a ", "a\n", "\u00a0a"])
def test_a_text_is_kept_as_it_was_sent(text: str) -> None:
    assert Text().run_validation(text) == text


@pytest.mark.parametrize("text", ["", " ", "\n", "\u2003"])
def test_white_space_alone_is_blank(text: str) -> None:
    with pytest.raises(serializers.ValidationError):
        Text().run_validation(text)
    assert Text(allow_blank=True).run_validation(text) == text


@pytest.mark.parametrize("code", [" a", "a ", "a\n", "\na"])
@pytest.mark.parametrize("field", [Code(), Pattern("^[a-z]{1,16}$")])
def test_a_pattern_holds_to_the_last_letter(field: serializers.CharField, code: str) -> None:
    assert field.run_validation("a") == "a"
    with pytest.raises(serializers.ValidationError):
        field.run_validation(code)


@pytest.mark.parametrize("text", ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.5+14:00", "1970-01-01T00:00:00-00:00"])
def test_a_time_as_in_rfc_3339_is_taken(text: str) -> None:
    assert Moment().run_validation(text).tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        *("20300101T000000Z", "2030-W01-1T00:00:00Z", "2030-01-01 00:00:00Z", "2030-01-01T00Z", "2030-01-01T00:00Z"),
        *("2030-01-01T00:00:00+02", "2030-01-01T00:00:00+0200", "2030-01-01T00:00:00", "2030-1-1T00:00:00Z"),
        *("2030-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "٢٠٣٠-01-01T00:00:00Z", "2030-01-01T00:00:00Z\n", 5, None),
    ],
)
def test_any_other_spelling_of_a_time_is_refused(text: Any) -> None:
    with pytest.raises(serializers.ValidationError):
        Moment().run_validation(text)


def test_a_member_given_twice_is_found_among_very_many() -> None:
    """Each is looked at once: one by one with all others it would take minutes."""
    body = ",".join(f'"{number:x}":1' for number in range(90_000))
    with pytest.raises(Refusal) as refused:
        loads(f'{{{body},"z":1,"z":2}}'.encode())
    assert refused.value.errors[0].pointer == "/z"


def test_everything_that_no_body_may_hold_is_named_once() -> None:
    inside = '"in": [0, {"a/b": "\\udfff", "n": 1e99, "n": 99999999999999999999}], "\\u0000": {"a": 1, "a": 2}'
    with pytest.raises(Refusal) as refused:
        loads(f'{{"code": "a", "code": "b", "name": "a", "name": "b", "name": "c", {inside}, "z\\ud800": 1}}'.encode())
    told = [(error.pointer, error.code) for error in refused.value.errors]
    assert told == [
        ("/code", "duplicate_member"),
        ("/name", "duplicate_member"),
        ("/in/1/a~1b", "invalid_text"),
        ("/in/1/n", "duplicate_member"),
        ("/in/1/n", "out_of_range"),
        ("", "invalid_text"),
    ]


def test_what_is_told_is_never_much_longer_than_the_body() -> None:
    texts = ",".join(['"\\u0000"'] * 50_000)
    with pytest.raises(Refusal) as refused:
        loads(f'{{"{"a" * 500_000}": [{texts}]}}'.encode())
    assert len(refused.value.errors) == 1
