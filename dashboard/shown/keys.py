"""Keys as pages show them: masked, with the status they have at this moment."""

from datetime import datetime
from typing import NamedTuple

from licensing.models import Key
from tenants.models import Environment


class ShownKey(NamedTuple):
    row: Key
    masked: str
    status: str


def shown_key(row: Key, environment: Environment, now: datetime) -> ShownKey:
    return ShownKey(row, f"{row.prefix}_{environment.kind}_…{row.last4}", row.status(now))
