"""Features in forms: on or off, or with a value."""

from typing import Any

import pytest
from django import forms

from dashboard.forms.features import PREFIX, GrantField, SwitchField, ValueField, asked_features, feature_fields
from licensing.models import Feature

FEATURES = [Feature(code="export", name="Export", kind="boolean"), Feature(code="seats", name="Seats", kind="config")]


@pytest.mark.parametrize("value", [0, 5, -1.5, True, False, "eu", "5", "true", '"quoted"', "null", "[1]", "5 GB", "é"])
def test_a_value_comes_back_as_it_was_shown(value: Any) -> None:
    shown = ValueField().clean(ValueField().prepare_value(value))
    assert (shown, type(shown)) == (value, type(value))


def test_a_number_is_a_number_and_what_is_quoted_a_text() -> None:
    assert ValueField().clean("5") == 5
    assert ValueField().clean('"5"') == "5"
    assert ValueField().clean("") is None
    with pytest.raises(forms.ValidationError):
        ValueField().clean("v" * 1001)


@pytest.mark.parametrize(("before", "unticked"), [(None, None), (True, None), (False, False)])
def test_a_box_without_a_tick_is_nothing_unless_it_was_off_before(before: bool | None, unticked: bool | None) -> None:  # noqa: FBT001 - parameters of a test
    field = GrantField(before=before, label="Export")
    assert field.clean("") is unticked
    assert field.clean("on") is True


def test_a_switch_is_on_or_off_or_as_the_plan_has_it() -> None:
    field = SwitchField(before=False, label="Export")
    assert [field.clean(typed) for typed in ("true", "false", "")] == [True, False, None]
    assert field.initial == "false"


def test_every_feature_and_every_code_that_is_granted_has_a_field() -> None:
    fields = feature_fields(FEATURES, {"export": "odd", "gone": 7}, GrantField)
    assert list(fields) == [f"{PREFIX}export", f"{PREFIX}seats", f"{PREFIX}gone"]
    assert isinstance(fields[f"{PREFIX}export"], ValueField)
    assert fields[f"{PREFIX}gone"].initial == 7


def test_only_what_says_something_is_asked() -> None:
    given = {f"{PREFIX}export": False, f"{PREFIX}seats": None, f"{PREFIX}gone": 0, "name": "Pro"}
    assert asked_features(given) == {"export": False, "gone": 0}
