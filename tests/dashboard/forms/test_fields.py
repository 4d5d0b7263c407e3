"""What the fields take, and what they show of what there is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms

from dashboard.forms.fields import LinesField, MomentField, ObjectField, OptionalField
from tenants.http.fields import Networks, TextList


def refused(field: forms.Field, typed: str) -> list[str]:
    with pytest.raises(forms.ValidationError) as raised:
        field.clean(typed)
    return list(raised.value.messages)


def test_nothing_typed_is_none() -> None:
    assert OptionalField().clean("  ") is None


def test_lines_are_a_list_without_what_is_empty() -> None:
    field = LinesField(of=TextList())
    assert field.clean(" reports:read \r\n\r\nreports:write\n") == ["reports:read", "reports:write"]
    assert field.clean("") == []
    assert field.prepare_value(["a", "b"]) == "a\nb"


def test_how_a_browser_ends_its_lines_is_no_change() -> None:
    assert not LinesField(of=TextList()).has_changed(["a", "b"], "a\r\nb")
    assert LinesField(of=TextList()).has_changed(None, "a")
    assert not ObjectField().has_changed({"a": 1}, '{\r\n  "a": 1\r\n}')
    assert ObjectField().has_changed({}, "{")


def test_a_bad_line_is_told_by_its_number() -> None:
    assert refused(LinesField(of=TextList()), "a\na") == ["Each only once."]
    assert refused(LinesField(of=TextList(longest=3)), "abc\nabcd")[0].startswith("Line 2: ")
    assert "203.0.113.1/8" in refused(LinesField(of=Networks()), "203.0.113.1/8")[0]


def test_an_object_is_read_as_strictly_as_by_the_api() -> None:
    field = ObjectField()
    assert field.clean("") == {}
    assert field.clean('{"a": [1, {"b": "é"}]}') == {"a": [1, {"b": "é"}]}
    assert refused(field, "{") == ["This is not JSON."]
    assert refused(field, '{"a": 1, "a": 2}') == ["`a` is given twice."]
    assert refused(field, "[1]") == ["An object of at most 50 members and 8 KiB."]
    assert refused(field, '{"a": NaN}') == ["This is not JSON."]


@pytest.mark.parametrize("document", [{}, {"a": 1}, {"é": [None, True, 1.5, "\u2028"]}])
def test_an_object_comes_back_as_it_was_shown(document: dict[str, Any]) -> None:
    assert ObjectField().clean(ObjectField().prepare_value(document)) == document


@pytest.mark.parametrize("microsecond", [0, 250_000, 1_000])
@pytest.mark.parametrize("second", [0, 5])
def test_a_time_comes_back_as_it_was_shown(second: int, microsecond: int) -> None:
    moment = datetime(2030, 2, 28, 23, 59, second, microsecond, UTC)
    assert MomentField().clean(MomentField().prepare_value(moment)) == moment


def test_a_time_is_utc_and_after_1970() -> None:
    assert MomentField().clean("2030-01-31T12:00") == datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert MomentField().clean("") is None
    assert refused(MomentField(), "1969-12-31T23:59") == ["After 1970, please."]
    assert refused(MomentField(), "soon")
    assert MomentField().clean("2030-01-31T12:00:00+02:00") == datetime(2030, 1, 31, 10, tzinfo=UTC)
    assert refused(MomentField(), "9999-12-31T23:59:59-14:00") == ["Before the year 10000, please."]
