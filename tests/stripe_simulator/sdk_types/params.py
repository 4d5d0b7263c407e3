"""Reads the parameters of a request by stripe-python's types, as strictly as Stripe does."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any

from tests.stripe_simulator.sdk_types.shapes import Either, Known, Mapped, Nullable, Record, Scalar, Sequence, Shape


@dataclass
class Unfit(Exception):
    """What Stripe answers 400 to, in its words."""

    message: str
    param: str
    code: str | None = None


def read_params(shape: Record | None, sent: dict[str, Any]) -> dict[str, Any]:
    """Numbers and flags as such, the rest as sent; raises Unfit."""
    if shape is None:
        if sent:
            raise _unknown(next(iter(sent)))
        return {}
    read: dict[str, Any] = _value(shape, sent, "")
    return read


def _unknown(param: str) -> Unfit:
    return Unfit(f"Received unknown parameter: {param}", param, "parameter_unknown")


@singledispatch
def _value(shape: Shape, sent: Any, at: str) -> Any:
    raise NotImplementedError(shape)


@_value.register
def _(shape: Record, sent: Any, at: str) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise Unfit("Invalid object", at)
    read = {}
    for name, value in sent.items():
        param = f"{at}[{name}]" if at else name
        member = shape.members.get(name)
        if member is None:
            raise _unknown(param)
        read[name] = _value(member.shape, value, param)
    for name, member in shape.members.items():
        if member.required and name not in sent:
            param = f"{at}[{name}]" if at else name
            raise Unfit(f"Missing required param: {param}.", param, "parameter_missing")
    return read


@_value.register
def _(shape: Known, sent: Any, at: str) -> Any:
    by_text = {str(value).lower() if isinstance(value, bool) else str(value): value for value in shape.values}
    if not isinstance(sent, str) or sent not in by_text:
        raise Unfit(f"Invalid {at}: must be one of {', '.join(by_text)}", at)
    return by_text[sent]


@_value.register
def _(shape: Nullable, sent: Any, at: str) -> Any:
    return None if sent == "" else _value(shape.of, sent, at)


@_value.register
def _(shape: Sequence, sent: Any, at: str) -> list[Any]:
    if not isinstance(sent, list):
        raise Unfit("Invalid array", at)
    return [_value(shape.of, each, f"{at}[{index}]") for index, each in enumerate(sent)]


@_value.register
def _(shape: Mapped, sent: Any, at: str) -> dict[str, Any]:
    if isinstance(sent, list):  # names that are digits
        sent = {str(index): each for index, each in enumerate(sent)}
    if not isinstance(sent, dict):
        raise Unfit("Invalid object", at)
    return {name: _value(shape.of, each, f"{at}[{name}]") for name, each in sent.items()}


@_value.register
def _(shape: Either, sent: Any, at: str) -> Any:
    objections = []
    for each in shape.shapes:
        try:
            return _value(each, sent, at)
        except Unfit as objection:
            objections.append(objection)
    raise max(objections, key=lambda objection: len(objection.param))  # the alternative that fitted furthest


@_value.register
def _(shape: Scalar, sent: Any, at: str) -> Any:
    kind = shape.kind
    if kind == "anything":
        return sent
    if not isinstance(sent, str):
        raise Unfit(f"Invalid string: {sent!r}", at)
    match kind:
        case "whole":
            if not re.fullmatch(r"-?\d{1,18}", sent):
                raise Unfit(f"Invalid integer: {sent}", at, "parameter_invalid_integer")
            return int(sent)
        case "number" | "decimal":
            if not re.fullmatch(r"-?\d+(\.\d+)?", sent):
                raise Unfit(f"Invalid decimal: {sent}", at)
            return Decimal(sent) if kind == "decimal" else float(sent)
        case "flag":
            if sent.lower() not in ("true", "false"):
                raise Unfit(f"Invalid boolean: {sent}", at)
            return sent.lower() == "true"
    return sent
