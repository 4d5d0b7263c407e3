"""Which plan a subscription's prices sell, and how many seats of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from billing.rules.subscription import Item

UNMAPPED, SEVERAL = "unmapped_price", "several_plans"


class Sale(NamedTuple):
    plan: UUID
    seats: int


class Sold(NamedTuple):
    """`drift` is what cannot be followed, None if all can: then what is there stays, and pages show it."""

    sale: Sale | None
    drift: str | None


def sold(
    items: Sequence[Item],
    offers: Mapping[str, Sequence[UUID]],
    *,
    present: UUID | None,
    own: Collection[str] = (),
) -> Sold:
    """`offers`: the plans that have each price; `present`: the license's own plan, if there is a license, and `own` the
    prices of the version that it has.

    Where prices sell several plans, the present one is kept as long as it is among them, or else the first is taken.
    """
    found: dict[UUID, int] = {}
    for item in items:
        plans = (present,) if present is not None and item.price in own else offers.get(item.price, ())
        if plans:
            plan = present if present is not None and present in plans else plans[0]
            found[plan] = found.get(plan, 0) + item.quantity
    if not found:
        return Sold(None, UNMAPPED)
    plan = present if present is not None and present in found else next(iter(found))
    return Sold(Sale(plan, max(found[plan], 1)), SEVERAL if len(found) > 1 else None)
