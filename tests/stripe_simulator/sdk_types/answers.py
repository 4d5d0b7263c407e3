"""Whether an answer is what stripe-python's types say, and the nulls that make one whole."""

import re
from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from tests.stripe_simulator.sdk_types.shapes import (
    Either,
    Expandable,
    Known,
    Listing,
    Mapped,
    Nullable,
    Record,
    Scalar,
    Sequence,
    Shape,
)

_ENVELOPE = {"object", "url", "has_more", "data"}
_ONLY_IF_TRUE = Known((True,))


def completed(shape: Record, given: dict[str, Any], absent: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`given` with null for every field that may be null and was not given; `absent` are those that stay away."""
    whole = {}
    for name, member in shape.members.items():
        if name in given:
            whole[name] = _completed_value(member.shape, given[name])
        elif not member.required and name not in absent and member.shape != Nullable(_ONLY_IF_TRUE):
            whole[name] = None
    return whole | {name: value for name, value in given.items() if name not in whole}  # a misfit will tell of these


def _completed_value(shape: Shape, value: Any) -> Any:
    match shape:
        case Nullable(of) | Expandable(of):
            return _completed_value(of, value)
        case Sequence(of) if isinstance(value, list):
            return [_completed_value(of, each) for each in value]
        case Record() if isinstance(value, dict) and "object" not in shape.members:
            return completed(shape, value)
    return value


@singledispatch
def misfits(shape: Shape, value: Any, at: str = "") -> Iterator[str]:
    """One sentence for each place where `value` is not what the types say."""
    raise NotImplementedError(shape)


@misfits.register
def _(shape: Nullable, value: Any, at: str = "") -> Iterator[str]:
    if value is not None:
        yield from misfits(shape.of, value, at)


@misfits.register
def _(shape: Expandable, value: Any, at: str = "") -> Iterator[str]:
    if not isinstance(value, str):
        yield from misfits(shape.of, value, at)


@misfits.register
def _(shape: Sequence, value: Any, at: str = "") -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: a list is wanted, not {value!r}"
        return
    for index, each in enumerate(value):
        yield from misfits(shape.of, each, f"{at}.{index}")


@misfits.register
def _(shape: Mapped, value: Any, at: str = "") -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: an object is wanted, not {value!r}"
        return
    for name, each in value.items():
        yield from misfits(shape.of, each, f"{at}.{name}")


@misfits.register
def _(shape: Known, value: Any, at: str = "") -> Iterator[str]:
    if value not in shape.values:
        yield f"{at}: {value!r} is none of {shape.values[:12]}"


@misfits.register
def _(shape: Scalar, value: Any, at: str = "") -> Iterator[str]:
    if not _is(shape.kind, value):
        yield f"{at}: {shape.kind} is wanted, not {value!r}"


@misfits.register
def _(shape: Record, value: Any, at: str = "") -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {shape.name} is wanted, not {value!r}"
        return
    if value.get("deleted") is True:  # Stripe then shows nothing but these
        yield from (f"{at}.{name}: not of what was deleted" for name in value.keys() - {"id", "object", "deleted"})
        return
    for name in value.keys() - shape.members.keys():
        yield f"{at}.{name}: {shape.name} has no such field"
    for name, member in shape.members.items():
        if name in value:
            yield from misfits(member.shape, value[name], f"{at}.{name}")
        elif member.required:
            yield f"{at}.{name}: {shape.name} always has this field"


@misfits.register
def _(shape: Either, value: Any, at: str = "") -> Iterator[str]:
    objections = []
    for each in shape.shapes:
        found = list(misfits(each, value, at))
        if not found:
            return
        objections.append(found)
    yield from min(objections, key=len)


@misfits.register
def _(shape: Listing, value: Any, at: str = "") -> Iterator[str]:
    if not isinstance(value, dict) or value.keys() != _ENVELOPE or value["object"] != "list":
        yield f"{at}: a list envelope is wanted"
        return
    for index, each in enumerate(value["data"]):
        yield from misfits(shape.of, each, f"{at}.data.{index}")


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "decimal":  # a decimal travels as text
            return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        case "flag":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
    return True
