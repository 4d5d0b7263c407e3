"""When a customer is looked at: at once, unless that was just done; then when Stripe has said all it had to say."""

from datetime import datetime, timedelta

QUIET = timedelta(seconds=1)  # Stripe tells one change in several events, close together
LONGEST = timedelta(seconds=30)  # however much it goes on telling
JUST_NOW = timedelta(seconds=10)


def due_at(
    *,
    waiting_since: datetime | None,
    requested_at: datetime | None,
    fetched_at: datetime | None,
    not_before: datetime | None,
) -> datetime | None:
    """None if nothing waits. `waiting_since` and `requested_at` are the first and the last reason to look that is not
    served; `not_before`: after a failure.
    """
    if waiting_since is None:
        return None
    due = waiting_since
    if fetched_at is not None and waiting_since - fetched_at < JUST_NOW:
        due = min((requested_at or waiting_since) + QUIET, waiting_since + LONGEST)
    return due if not_before is None else max(due, not_before)
