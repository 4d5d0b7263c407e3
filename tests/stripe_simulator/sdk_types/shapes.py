"""The few kinds of type that stripe-python's annotations come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Scalar:
    """`text`, `whole`, `number`, `decimal`, `flag`, or `anything`."""

    kind: str


@dataclass(frozen=True)
class Known:
    """One of the values that Stripe documents. Those that it may add, which stripe-python allows, are wrong here."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sequence:
    of: Shape


@dataclass(frozen=True)
class Listing:
    """Stripe's list envelope."""

    of: Shape


@dataclass(frozen=True)
class Mapped:
    """Names of the sender's choice, like metadata."""

    of: Shape


@dataclass(frozen=True)
class Nullable:
    of: Shape


@dataclass(frozen=True)
class Expandable:
    """An id, or the object itself if it was asked for by `expand`."""

    of: Shape


@dataclass(frozen=True)
class Either:
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Member:
    """One field of a record."""

    shape: Shape
    required: bool


@dataclass
class Record:
    """A class of stripe-python. Its fields are read when they are first needed, as classes refer to each other."""

    name: str
    read: Callable[[], Mapping[str, Member]] = field(repr=False, compare=False)

    @cached_property
    def members(self) -> Mapping[str, Member]:
        return self.read()

    @cached_property
    def object_name(self) -> str | None:
        """What its `object` field always says."""
        member = self.members.get("object")
        return str(member.shape.values[0]) if member and isinstance(member.shape, Known) else None


Shape = Scalar | Known | Sequence | Listing | Mapped | Nullable | Expandable | Either | Record

ANYTHING = Scalar("anything")


def is_expandable(shape: Shape, path: list[str]) -> bool:
    """Whether Stripe lets `expand` name this path, as far as types can tell: it must lead to an object or a list."""
    match shape:
        case Nullable(of) | Expandable(of) | Sequence(of) if path:
            return is_expandable(of, path)
        case Either(shapes) if path:
            return any(is_expandable(each, path) for each in shapes)
        case Listing(of) if path:
            return path[0] == "data" and is_expandable(of, path[1:])
        case Record() if path:
            member = shape.members.get(path[0])
            return member is not None and is_expandable(member.shape, path[1:])
    return not path and _leads_to_object(shape)


def _leads_to_object(shape: Shape) -> bool:
    match shape:
        case Nullable(of) | Sequence(of):
            return _leads_to_object(of)
        case Either(shapes):
            return any(_leads_to_object(each) for each in shapes)
        case Scalar() | Known():
            return False
    return True
