"""Cursor lists: `limit` 1 to 100, and an opaque cursor that is good in its own list and environment only."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core import signing
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from tenants.rules.refusal import Refusal
from verify.ground.problem import FieldError

DEFAULT_LIMIT, MOST = 20, 100

T = TypeVar("T")


class Page:
    """One page of a queryset, by a column that no two rows share: `-id` is newest first, as ids are UUIDv7."""

    def __init__(self, rows: QuerySet[Any], *, limit: int, after: str | None, salt: str, order: str = "-id") -> None:
        column = order.removeprefix("-")
        ordered = rows.order_by(order)
        if after is not None:
            ordered = ordered.filter(**{f"{column}__{'lt' if order != column else 'gt'}": after})
        found = list(ordered[: limit + 1])
        self.rows = found[:limit]
        self.has_more = len(found) > limit
        self.next_cursor = signing.Signer(salt=salt).sign(getattr(self.rows[-1], column)) if self.has_more else None


class CursorList(BasePagination):
    """Tells the OpenAPI document how lists look; ResourceView makes them."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data", "has_more", "next_cursor"],
            "properties": {
                "object": {"type": "string", "enum": ["list"]},
                "data": schema,
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": ["string", "null"]},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - DRF's signature
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
        ]


class Parameters:
    """Reads a request's query; every wrong or unknown parameter is collected and told at once by `finish`."""

    def __init__(self, request: Request, known: set[str]) -> None:
        self._errors: list[FieldError] = []
        self.given: dict[str, str] = {}
        for name, values in request.query_params.lists():
            if name not in known:
                self._add(bad_parameter(name, "There is no such parameter here.", "unknown_parameter"))
            elif len(values) > 1:
                self._add(bad_parameter(name, "Give it once."))
            else:
                self.given[name] = str(values[0])

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """What `reader` makes of the parameter; None when it is missing or wrong."""
        if name not in self.given:
            return None
        try:
            return reader(self.given[name])
        except Refusal as refusal:
            self._add(refusal)
            return None

    def finish(self) -> None:
        if self._errors:
            detail = "Some parameters are not valid; see `errors`."
            raise Refusal("invalid_request", "invalid", detail, errors=tuple(self._errors))

    def with_body(self, refusal: Refusal) -> Refusal:
        """What is wrong with the body told together with what is wrong with the query."""
        if not self._errors:
            return refusal
        detail = "Some parameters or fields are not valid; see `errors`."
        return Refusal("invalid_request", "invalid", detail, errors=(*self._errors, *refusal.errors))

    def _add(self, refusal: Refusal) -> None:
        self._errors += refusal.errors


def read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST:
        return int(text)
    raise bad_parameter("limit", f"A whole number from 1 to {MOST}.")


def read_cursor(text: str | None, salt: str) -> str | None:
    if text is None:
        return None
    try:
        return signing.Signer(salt=salt).unsign(text)
    except signing.BadSignature as error:
        detail = "Use `next_cursor` of the page before, from this same list and environment."
        raise bad_parameter("cursor", detail) from error


def bad_parameter(name: str, detail: str, code: str = "invalid") -> Refusal:
    return Refusal("invalid_request", "invalid", detail, errors=(FieldError(f"/{name}", code, detail),))
