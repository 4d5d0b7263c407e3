"""A field for every feature of the catalogue: a box where it is on or off, a text where it has a value."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from dashboard.forms.fields import FOR_PROGRAMS, checked
from licensing.api.terms import Features
from licensing.models import Feature
from tenants.http.json import loads
from tenants.rules.refusal import Refusal

PREFIX = "feature-"


class ValueField(forms.CharField):
    """A number, `true` or `false`, or else a text; nothing typed is None. What is meant as a text may be quoted."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS), **options)

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        if not text:
            return None
        return checked(Features(), {"value": _read(text)})["value"]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        return json.dumps(value) if isinstance(value, str) and _read(value) != value else value


class GrantField(forms.BooleanField):
    """Ticked is true; not ticked is nothing, unless it was said to be false before."""

    def __init__(self, *, before: bool | None, **options: Any) -> None:
        self._off = False if before is False else None
        super().__init__(required=False, initial=bool(before), **options)

    def clean(self, value: Any) -> bool | None:
        return True if super().clean(value) else self._off


class SwitchField(forms.TypedChoiceField):
    """On, off, or as the plan has it, which is None."""

    def __init__(self, *, before: bool | None, **options: Any) -> None:
        choices = [("", "As the plan has it"), ("true", "On"), ("false", "Off")]
        initial = "" if before is None else json.dumps(before)
        super().__init__(
            required=False, choices=choices, coerce="true".__eq__, empty_value=None, initial=initial, **options
        )


def feature_fields(
    features: Iterable[Feature], granted: Mapping[str, Any], switch: type[GrantField] | type[SwitchField]
) -> dict[str, forms.Field]:
    """`granted` is what there is by code; `switch` is for what is on or off.

    A code that the catalogue does not know keeps its field, so that it is not lost.
    """
    fields: dict[str, forms.Field] = {}
    for feature in features:
        value, label = granted.get(feature.code), f"{feature.name} ({feature.code})"
        if feature.kind == "boolean" and (value is None or isinstance(value, bool)):
            fields[PREFIX + feature.code] = switch(before=value, label=label)
        else:
            fields[PREFIX + feature.code] = ValueField(label=label, initial=value)
    for code, value in granted.items():
        fields.setdefault(PREFIX + code, ValueField(label=code, initial=value, help_text="Not in the catalogue."))
    return fields


def asked_features(given: Mapping[str, Any]) -> dict[str, Any]:
    """By code, from a form's checked fields."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in given.items()
        if name.startswith(PREFIX) and value is not None
    }


def _read(text: str) -> Any:
    try:
        value = loads(text.encode())
    except Refusal:
        return text
    return value if isinstance(value, bool | int | float | str) else text
