"""When a license ends, from its plan's terms: `duration_days` and `trial_days` count from its start."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tenants.rules.refusal import bad_field


class Ends(NamedTuple):
    expires_at: datetime | None
    trial_ends_at: datetime | None


def ends(
    starts_at: datetime, *, expires_at: datetime | None, duration_days: int | None, trial_days: int | None
) -> Ends:
    """An end that was asked for wins over the plan's; a plan without either never ends. Raises Refusal."""
    if expires_at is not None:
        return Ends(expires_at, None)
    return Ends(_later(starts_at, duration_days), _later(starts_at, trial_days))


def _later(moment: datetime, days: int | None) -> datetime | None:
    try:
        return None if days is None else moment + timedelta(days=days)
    except OverflowError as error:
        raise bad_field("starts_at", "The license would end after the year 9999.") from error
