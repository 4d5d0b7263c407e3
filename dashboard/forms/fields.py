"""Fields that more than one form has, with the bounds that the API gives them."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MinValueValidator
from rest_framework import serializers

from tenants.http.fields import CODE_PATTERN, Code, Object, to_the_end
from tenants.http.json import loads
from tenants.models.kept import Kept
from tenants.rules.refusal import Refusal
from verify.answer import EPOCH

PLAIN = {"autocomplete": "off"}
FOR_PROGRAMS = PLAIN | {"autocapitalize": "none", "spellcheck": "false"}
LONGEST_NAME = 200


class NameField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Name")
        super().__init__(max_length=LONGEST_NAME, widget=forms.TextInput(attrs=PLAIN), **options)


class OptionalField(forms.CharField):
    """Nothing typed is None, as the API has it."""

    def __init__(self, *, help_text: str = "", **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs=PLAIN))
        super().__init__(required=False, empty_value=None, help_text=f"Optional. {help_text}".strip(), **options)


class PatternField(forms.RegexField):
    """A text for programs of a given form, from its first letter to its last."""

    def __init__(self, regex: str, *, invalid: str, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs=FOR_PROGRAMS))
        super().__init__(to_the_end(regex), error_messages={"invalid": invalid}, **options)


class CodeField(PatternField):
    def __init__(self, **options: Any) -> None:
        rule = str(Code.default_error_messages["invalid"])
        super().__init__(
            CODE_PATTERN,
            invalid=rule,
            label="Code",
            help_text=f"What programs call it; it cannot be changed later. {rule}",
            **options,
        )


class LinesField(forms.CharField):
    """One text per line, checked as the API checks the list `of` them."""

    def __init__(self, *, of: serializers.ListField, rows: int = 3, **options: Any) -> None:
        self._of = of
        widget = forms.Textarea(attrs={**FOR_PROGRAMS, "rows": rows})
        super().__init__(required=False, widget=widget, **options)

    def clean(self, value: Any) -> list[str]:
        return list(checked(self._of, _lines(super().clean(value))))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Browsers end lines their own way."""
        return _lines(data or "") != list(initial or ())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def checked(field: Any, value: Any) -> Any:
    """What a field of the API makes of it. Raises django.forms.ValidationError with the same sentences."""
    try:
        return field.run_validation(value)
    except serializers.ValidationError as error:
        raise forms.ValidationError(list(_sentences(error.detail))) from error


def _sentences(detail: Any, where: str = "") -> Iterator[str]:
    """`Line 2: …` for what is about one item of a list."""
    if isinstance(detail, dict):
        for at, inside in detail.items():
            yield from _sentences(inside, f"Line {at + 1}: " if isinstance(at, int) else where)
    elif isinstance(detail, Iterable) and not isinstance(detail, str):
        for inside in detail:
            yield from _sentences(inside, where)
    else:
        yield f"{where}{detail}"


class ObjectField(forms.CharField):
    """A JSON object, read as strictly as the API reads one; nothing typed is an empty one."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={**FOR_PROGRAMS, "rows": 4})
        text = 'Optional. A JSON object of your own, such as {"tier": "gold"}.'
        super().__init__(required=False, widget=widget, help_text=text, **options)

    def clean(self, value: Any) -> dict[str, Any]:
        text: str = super().clean(value)
        try:
            document = loads(text.encode()) if text else {}
        except Refusal as refusal:
            detail = refusal.errors[0].detail if refusal.errors else "This is not JSON."
            raise forms.ValidationError(detail) from refusal
        found: dict[str, Any] = checked(Object(), document)
        return found

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(data) != (initial or {})
        except forms.ValidationError:
            return True


class MomentField(forms.DateTimeField):
    """A time in UTC, to the millisecond where it has any. `step`: else a browser would refuse the seconds it shows."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "any"})
        validators = [MinValueValidator(EPOCH, "After 1970, please.")]
        super().__init__(required=False, widget=widget, validators=validators, **options)

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            moment = None if moment is None else moment.astimezone(UTC)
        except OverflowError as error:  # it may be given with an offset that carries it beyond what a database reads
            raise forms.ValidationError("Before the year 10000, please.", "invalid") from error
        return None if moment is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        exactly = "milliseconds" if value.second or value.microsecond else "minutes"
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=exactly)


class ReferenceField(forms.CharField):
    """What people call an object, as `find` knows it; `of` names the `<datalist>` of suggestions beside it."""

    def __init__(self, *, find: Callable[[str], Kept | None], of: str, **options: Any) -> None:
        self._find = find
        super().__init__(max_length=200, widget=forms.TextInput(attrs={**FOR_PROGRAMS, "list": of}), **options)

    def clean(self, value: Any) -> UUID:
        found = self._find(super().clean(value))
        if found is None:
            raise forms.ValidationError("There is none of this name here.")
        return found.id
