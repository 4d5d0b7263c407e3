"""What lists may be narrowed by: each filter reads its parameter and keeps the rows that match."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from tenants.http.fields import Moment
from tenants.http.lists import bad_parameter
from tenants.http.resources import Filter
from verify.ground.ids import decode

LONGEST = 500


def by_reference(field: str, prefix: str, column: str = "") -> Filter:
    """Keeps the rows whose `column` is the given public id; an unknown one keeps none."""

    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = decode(prefix, text)
        if found is None:
            raise bad_parameter(field, f"An id that begins with {prefix}_.")
        return rows.filter(**{column or f"{field}_id": found})

    return keep


def by_text(field: str, column: str = "") -> Filter:
    """Keeps the rows whose `column` is exactly this text."""

    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(**{column or field: readable(field, text)})

    keep.schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}  # type: ignore[attr-defined]  # for the document
    return keep


def by_choice(field: str, choices: Collection[str]) -> Filter:
    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(**{field: chosen(field, text, choices)})

    return keep


def by_moment(field: str, column: str) -> Filter:
    """Keeps the rows whose `column`, with its comparison, matches a time: `created_at__gte`."""

    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        try:
            moment = Moment().to_internal_value(text)
        except ValidationError as error:
            raise bad_parameter(field, str(Moment.default_error_messages["invalid"])) from error
        return rows.filter(**{column: moment})

    return keep


def chosen(field: str, text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise bad_parameter(field, f"One of {', '.join(choices)}.")
    return text


def readable(field: str, text: str) -> str:
    """Raises Refusal (400) for what no column could hold; U+FFFD is what Django makes of bytes that are not UTF-8."""
    if not 0 < len(text) <= LONGEST or any(letter in "\0\ufffd" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise bad_parameter(field, f"A text of 1 to {LONGEST} characters in UTF-8, without U+0000.")
    return text
