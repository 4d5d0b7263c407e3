"""What the clock brings of a license's or key's end: it comes near, or it has passed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from licensing.rules.terms import Ends
from verify.decision import ENDING_SOON
from verify.license_status import Standing, Status

NEAR = timedelta(milliseconds=ENDING_SOON)  # exactly while a verdict warns of it
LATE = timedelta(days=30)  # what passed longer ago is no news; events are kept longer, so nothing is told twice

_OVER = (Status.REVOKED, Status.ENDED, Status.SUSPENDED)


class Ending(NamedTuple):
    """`type` is told once of each `end`; `field` names the end in what is told, `reason` says why it is over."""

    type: str
    end: datetime
    field: str
    reason: str | None = None


def license_endings(standing: Standing, ends: Ends, now: datetime) -> list[Ending]:
    """Of a trial that also ends by itself, the end that comes first is the end."""
    if standing.status is Status.EXPIRED:
        end = min(end for end in ends if end is not None)
        over = Ending("license.expired", end, "ended_at", standing.reason)
        return [over] if now - end < LATE else []
    if standing.status in _OVER:
        return []
    found = (
        ("license.trial_ending", ends.trial_ends_at, "trial_ends_at"),
        ("license.expiring", ends.expires_at, "expires_at"),
    )
    return [Ending(type_, end, field) for type_, end, field in found if end is not None and is_near(end, now)]


def key_endings(expires_at: datetime | None, now: datetime) -> list[Ending]:
    """Of a key that is neither revoked nor suspended, and whose license is not revoked."""
    if expires_at is None or not is_near(expires_at, now):
        return []
    return [Ending("key.expiring", expires_at, "expires_at")]


def is_near(end: datetime, now: datetime) -> bool:
    return timedelta(0) < end - now <= NEAR
