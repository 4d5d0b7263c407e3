"""Seats: who takes one, whether a license has too few of them, and until when that may be."""

from datetime import datetime, timedelta
from typing import NamedTuple

UNCOUNTED = "none"
SEAT_POLICIES = (UNCOUNTED, "key", "user")  # what takes a seat: nothing, each key, each user that keys are bound to
LONGEST_OVER_LIMIT_DAYS = 365


class Seats(NamedTuple):
    """Of one license: what its plan's version in force says, how many it has, and how many are taken."""

    policy: str
    over_limit_days: int | None
    quantity: int
    taken: int

    @property
    def are_counted(self) -> bool:
        return self.policy != UNCOUNTED

    @property
    def has_a_free_one(self) -> bool:
        return not self.are_counted or self.taken < self.quantity

    @property
    def are_too_few(self) -> bool:
        return self.are_counted and self.taken > self.quantity


class Flag(NamedTuple):
    """That seats are too few, since when, and until when that may be (None: for ever)."""

    since: datetime
    ends_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """At `ends_at` itself it is."""
        return self.ends_at is not None and now >= self.ends_at


def flag_of(seats: Seats, before: Flag | None, now: datetime) -> Flag | None:
    """Whoever is flagged keeps the first deadline, however far seats fall."""
    if not seats.are_too_few:
        return None
    days = seats.over_limit_days
    return before or Flag(now, None if days is None else now + timedelta(days=days))


def takes_too_many(before: Seats, after: Seats) -> bool:
    """Whether a change takes a seat that there is not. What takes none more is nobody's fault."""
    return after.are_too_few and after.taken > before.taken
