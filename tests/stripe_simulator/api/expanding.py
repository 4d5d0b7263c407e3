"""Answers as they are sent: a copy, with what `expand` asked for put in."""

from __future__ import annotations

from typing import Any

from tests.stripe_simulator.account import INCLUDABLE, Account, Object, copied
from tests.stripe_simulator.refusals import invalid
from tests.stripe_simulator.sdk_types import is_expandable
from tests.stripe_simulator.sdk_types.shapes import Shape

DEEPEST = 4
TABLES = {
    "acct": "account",
    "ch": "charge",
    "clock": "test_helpers.test_clock",
    "cs": "checkout.session",
    "cus": "customer",
    "du": "dispute",
    "in": "invoice",
    "pi": "payment_intent",
    "pm": "payment_method",
    "price": "price",
    "prod": "product",
    "re": "refund",
    "sub": "subscription",
}


def require_expandable(paths: list[str], shape: Shape) -> None:
    """400 for a path that stripe-python's types do not let be expanded."""
    for path in paths:
        names = path.split(".")
        if len(names) - names.count("data") > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property: {path}", "expand")
        if not is_expandable(shape, names):
            raise invalid(f"This property cannot be expanded ({names[-1]}).", "expand")


def expanded(account: Account, answer: Object, paths: list[str]) -> Object:
    """A copy of `answer`, with objects in the place of their ids."""
    whole: Object = copied(answer)
    for path in sorted(paths, key=len):
        _expand(account, whole, path.split("."))
    return whole


def _expand(account: Account, place: Any, names: list[str]) -> None:
    if isinstance(place, list):
        for each in place:
            _expand(account, each, names)
        return
    if not isinstance(place, dict) or not names:
        return
    name, rest = names[0], names[1:]
    if (include := INCLUDABLE.get((place.get("object", ""), name))) and name not in place:
        place[name] = copied(include(account, place))
    found = place.get(name)
    if isinstance(found, str):
        place[name] = found = _object(account, found)
    elif isinstance(found, list):
        place[name] = found = [_object(account, each) if isinstance(each, str) else each for each in found]
    _expand(account, found, rest)


def _object(account: Account, object_id: str) -> Any:
    """The object with that id; an id of something that is not kept stays what it is."""
    table = TABLES.get(object_id.partition("_")[0], "")
    found = account.tables.get(table, {}).get(object_id)
    if found is None:
        return object_id
    return copied(found)
