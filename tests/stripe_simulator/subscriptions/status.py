"""The eight statuses of a subscription, and what moves it from one to another. Pure."""

from __future__ import annotations

from collections.abc import Mapping

LIVE = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
ENDED = frozenset({"canceled", "incomplete_expired"})

MOVES: Mapping[str, frozenset[str]] = {
    "incomplete": frozenset({"active", "incomplete_expired"}),
    "trialing": frozenset({"active", "past_due", "paused", "canceled"}),
    "active": frozenset({"trialing", "past_due", "unpaid", "paused", "canceled"}),
    "past_due": frozenset({"active", "trialing", "unpaid", "paused", "canceled"}),
    "unpaid": frozenset({"active", "trialing", "canceled"}),
    "paused": frozenset({"active", "past_due", "canceled"}),
    "canceled": frozenset(),
    "incomplete_expired": frozenset(),
}


def moved(status: str, to: str) -> str:
    """`to`, if it is a way that subscriptions go."""
    assert to == status or to in MOVES[status], f"a subscription never goes from {status} to {to}"
    return to


def at_start(*, is_trial: bool, is_sent: bool, amount: int) -> str:
    """`is_sent`: its invoices are sent, not charged. One that must be paid first begins incomplete."""
    if is_trial:
        return "trialing"
    return "active" if is_sent or amount <= 0 else "incomplete"


def when_paid(status: str, *, is_latest: bool) -> str:
    """The newest invoice decides (of a paused one, that of its resumption); an older one changes nothing."""
    if status == "incomplete" or (status in ("past_due", "unpaid", "paused") and is_latest):
        return "active"
    return status


def when_unpaid(status: str) -> str:
    """A payment failed, or the due date passed."""
    return "past_due" if status in ("trialing", "active") else status


def when_given_up(status: str, finally_: str) -> str:
    """The last retry failed: the account's settings say what follows."""
    if status in ("active", "past_due"):
        return {"cancel": "canceled", "unpaid": "unpaid", "past_due": "past_due"}[finally_]
    return status


def when_trial_ends(*, can_pay: bool, otherwise: str) -> str:
    """`otherwise` is `trial_settings.end_behavior.missing_payment_method`."""
    if can_pay or otherwise == "create_invoice":
        return "active"
    return {"pause": "paused", "cancel": "canceled"}[otherwise]


def when_canceled(status: str) -> str:
    """One that was never paid for has not been a subscription yet."""
    return "incomplete_expired" if status == "incomplete" else "canceled"
