"""Licenses as pages show them: with the status they have at this moment."""

from datetime import datetime
from typing import NamedTuple

from licensing.models import License
from licensing.queries.licenses import effective_version
from verify.license_status import Status


class ShownLicense(NamedTuple):
    """`is_over_limit` says that it is suspended for having too few seats."""

    row: License
    status: str
    reason: str | None
    version: int
    is_over_limit: bool

    @property
    def refuses(self) -> bool:
        """Whether verify refuses every key of it now."""
        return not Status(self.status).opens

    @property
    def is_revoked(self) -> bool:
        return self.status == Status.REVOKED

    @property
    def is_suspended(self) -> bool:
        return self.row.suspended_at is not None


_SENTENCES = {
    "manual": None,
    "not_started": "Its start is still to come.",
    "expired": None,
    "trial_ended": "Its trial is over.",
    "incomplete": "Its first payment is not complete.",
    "nonpayment": "An invoice was not paid.",
    "refunded": "Its last payment was refunded.",
    "disputed": "Its last payment is disputed.",
    "over_limit": "More seats are taken than it has.",
    "paused": "Its subscription is paused.",
    "canceled": "Its subscription was canceled.",
    "customer_deleted": "Its customer was deleted at Stripe.",
}


def shown_license(row: License, now: datetime) -> ShownLicense:
    """`reason` is a sentence, or what was typed by whoever decided it; None where the status says it all."""
    status, reason = row.standing(now)
    said = row.typed_reason(status) or _SENTENCES.get(reason or "", reason)
    return ShownLicense(row, status.value, said, effective_version(row), row.is_suspended_for_seats(now))
