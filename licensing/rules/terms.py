"""When a license ends, from its plan's terms, and what a renewal makes of that."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tenants.rules.refusal import Refusal, bad_field


class Ends(NamedTuple):
    expires_at: datetime | None
    trial_ends_at: datetime | None


def ends(
    starts_at: datetime, *, expires_at: datetime | None, duration_days: int | None, trial_days: int | None
) -> Ends:
    """`duration_days` and `trial_days` count from the start. An end that was asked for wins over the plan's; a plan
    without either never ends. Raises Refusal.
    """
    if expires_at is not None:
        return Ends(expires_at, None)
    return Ends(_later(starts_at, duration_days), _later(starts_at, trial_days))


def renewed(
    before: Ends, *, starts_at: datetime, now: datetime, asked: datetime | None, duration_days: int | None
) -> Ends:
    """The end moves on from its old value, or from now if that has passed; a trial is none any more. Raises Refusal."""
    if asked is not None:
        if asked <= max(now, starts_at) or (before.expires_at is not None and asked < before.expires_at):
            raise bad_field("expires_at", "A renewal moves the end to a later time that is still to come.")
        return Ends(asked, None)
    if before == Ends(None, None):
        raise Refusal("never_ends", "conflict", "This license never ends; there is nothing to renew.")
    if duration_days is None:
        detail = "Its plan has no `duration_days`; say the new end in `expires_at`."
        raise Refusal("end_not_known", "conflict", detail)
    old = before.expires_at or before.trial_ends_at
    return Ends(_later(max(old or now, now), duration_days), None)


def _later(moment: datetime, days: int | None) -> datetime | None:
    try:
        return None if days is None else moment + timedelta(days=days)
    except OverflowError as error:
        raise bad_field("starts_at", "The license would end after the year 9999.") from error
