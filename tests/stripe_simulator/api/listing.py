"""Lists: Stripe's envelope, newest first, by cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.stripe_simulator.account import Object
from tests.stripe_simulator.api.routing import Call
from tests.stripe_simulator.refusals import invalid, missing

USUAL, MOST = 10, 100


def envelope(data: list[Object], url: str, *, has_more: bool = False) -> Object:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def listed(call: Call, oldest_first: Iterable[Object]) -> Object:
    """One page of these. `ending_before` pages towards the newer ones; either way a page is newest first."""
    limit = call.params.get("limit", USUAL)
    if not 1 <= limit <= MOST:
        word = "greater than or equal to 1" if limit < 1 else f"less than or equal to {MOST}"
        raise invalid(f"Invalid integer: {limit} must be {word}", "limit", "parameter_invalid_integer")
    rows = [each for each in oldest_first if _was_created_in(each, call.params.get("created"))][::-1]
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after is not None and before is not None:
        raise invalid("You cannot parameterize both starting_after and ending_before.")
    if before is not None:
        newer = rows[: _position(rows, before, "ending_before")]
        return envelope(newer[-limit:], call.path, has_more=len(newer) > limit)
    older = rows if after is None else rows[_position(rows, after, "starting_after") + 1 :]
    return envelope(older[:limit], call.path, has_more=len(older) > limit)


def _position(rows: list[Object], object_id: str, param: str) -> int:
    for position, row in enumerate(rows):
        if row["id"] == object_id:
            return position
    raise missing(rows[0]["object"] if rows else "object", object_id, param, status=400)


def _was_created_in(row: Object, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(row["created"] == wanted)
    bounds = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(bounds[name](row["created"], moment) for name, moment in wanted.items())


def matching(call: Call, rows: Iterable[Object], *names: str) -> list[Object]:
    """Those whose fields equal the parameters of the same names, where they were given."""
    wanted = {name: call.params[name] for name in names if name in call.params}
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]
