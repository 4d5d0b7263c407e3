"""What every action does the same way: insert once, find under lock, say which code was taken, what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError

from tenants.actions.people.standing import hold_people
from tenants.clock import milliseconds
from tenants.models.kept import InEnvironment, Kept
from tenants.rules.refusal import Refusal, bad_field, not_found
from tenants.tenancy import Place
from verify.answer import rfc3339
from verify.ground.problem import FieldError

K = TypeVar("K", bound=Kept)


@contextmanager
def unique(field: str, constraint: str) -> Iterator[None]:
    """Around a whole action: a value of `field` that is taken already is told as 409, by that field."""
    try:
        yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        detail = f"Another object of this environment has this `{field}`."
        raise Refusal(
            "already_exists", "conflict", detail, errors=(FieldError(f"/{field}", "taken", detail),)
        ) from error


def locked(model: type[K], row_id: UUID, within: Place) -> K:
    """The row, held until the transaction ends; others may refer to it meanwhile. Raises Refusal (404)."""
    row: K | None = model.objects.within(within).select_for_update(no_key=True).filter(pk=row_id).first()
    if row is None:
        raise not_found()
    return row


def held(row: K) -> K:
    """The same row as it is now, held until the transaction ends. Raises Refusal (404) if it was removed.

    What belongs to no environment is held as people are: the organization first, so that no two wait for each other.
    """
    if not isinstance(row, InEnvironment):
        hold_people(row.organization_id)
    rows = type(row).objects.of_organization(row.organization_id)
    found: K | None = rows.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise not_found()
    return found


def referred(model: type[K], row_id: UUID, within: Place, *, field: str, held: bool = False) -> K:
    """What a field of the body refers to; `held` until the transaction ends, if asked for. Raises Refusal (400) alike
    for a missing one and another tenant's.
    """
    rows = model.objects.within(within)
    row: K | None = (rows.select_for_update(no_key=True) if held else rows).filter(pk=row_id).first()
    if row is None:
        raise bad_field(field, "There is no such object in this environment.", "not_found")
    return row


def applied(row: Kept, given: dict[str, Any]) -> dict[str, Any]:
    """Sets what differs, and says it for the audit log: `{field: {"from": …, "to": …}}`, empty if nothing does."""
    changes = {}
    for field, value in given.items():
        before = getattr(row, field)
        if not _are_alike(before, value):
            setattr(row, field, value)
            changes[field] = {"from": _told(before), "to": _told(value)}
    return changes


def _are_alike(one: Any, other: Any) -> bool:
    """As JSON, where 0 is not false and 1 is not 1.0, which Python takes for equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_are_alike, one, other))
    return bool(one == other) and (type(one) is type(other) or not isinstance(one, int | float))


def _told(value: Any) -> Any:
    return rfc3339(milliseconds(value)) if isinstance(value, datetime) else value
