"""What the clock will do next to a subscription, an invoice, a checkout session. Pure: the object alone says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.stripe_simulator.subscriptions.status import LIVE

HOUR, DAY = 3600, 86_400
FIRST_PAYMENT_SECONDS = 23 * HOUR
WARNING_SECONDS = 3 * DAY

Moment = tuple[int, str]


def of_subscription(
    subscription: Mapping[str, Any], *, is_warned: bool, announced: int | None, announces_seconds: int
) -> Moment | None:
    """The earliest; of several at one moment the one that ends more.

    `is_warned`: the trial's end was told. `announced`: the period end whose renewal was told, which is due
    `announces_seconds` before it.
    """
    status, cancels = subscription["status"], subscription["cancel_at"]
    found: list[Moment] = []
    if status == "incomplete":
        return subscription["created"] + FIRST_PAYMENT_SECONDS, "expire"
    if status in LIVE and cancels is not None:
        found.append((cancels, "cancel"))
    if status == "trialing":
        if not is_warned:
            found.append((max(subscription["trial_end"] - WARNING_SECONDS, subscription["created"]), "warn"))
        found.append((subscription["trial_end"], "end_trial"))
    if status in ("active", "past_due", "unpaid"):
        renews = period_end(subscription)
        found.append((renews, "renew"))
        if announced != renews and status != "unpaid" and (cancels is None or cancels > renews):
            found.append((renews - announces_seconds, "announce"))
    paused = subscription["pause_collection"]
    if status in LIVE and paused and paused["resumes_at"] is not None:
        found.append((paused["resumes_at"], "collect_again"))
    return min(found, key=lambda moment: moment[0], default=None)


def period_end(subscription: Mapping[str, Any]) -> int:
    return int(min(item["current_period_end"] for item in subscription["items"]["data"]))


def of_invoice(invoice: Mapping[str, Any], *, is_overdue: bool, overdue_seconds: int) -> Moment | None:
    """`is_overdue`: that its due date passed was told."""
    moments = {
        "finalize": invoice["automatically_finalizes_at"] if invoice["status"] == "draft" else None,
        "retry": invoice["next_payment_attempt"] if invoice["status"] == "open" else None,
    }
    if invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        due = invoice["due_date"]
        moments |= {"give_up": due + overdue_seconds} if is_overdue else {"overdue": due}
    found = [(moment, what) for what, moment in moments.items() if moment is not None]
    return min(found, default=None) if invoice["auto_advance"] else None


def of_session(session: Mapping[str, Any]) -> Moment | None:
    return (session["expires_at"], "expire") if session["status"] == "open" else None
