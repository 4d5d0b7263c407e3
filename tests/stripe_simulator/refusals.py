"""What Stripe answers when it does not do what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class StripeRefusal(Exception):
    """An error of Stripe's, with its HTTP status."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def as_json(self, request_id: str) -> dict[str, Any]:
        shown = {
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
            "param": self.param,
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
            "type": self.type,
        }
        return {"error": {name: value for name, value in shown.items() if value is not None}}


class NotSimulated(Exception):
    """Stripe can do it, the simulator cannot: no honest answer exists, and the test must know."""


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeRefusal:
    return StripeRefusal(400, message, param=param, code=code)


def missing(noun: str, object_id: str, param: str = "id", *, status: int = 404) -> StripeRefusal:
    """404 for the object in the path; 400 for one that a parameter names."""
    return StripeRefusal(status, f"No such {noun}: '{object_id}'", param=param, code="resource_missing")


def declined(message: str = "Your card was declined.", decline_code: str = "generic_decline") -> StripeRefusal:
    return StripeRefusal(402, message, "card_error", "card_declined", decline_code=decline_code)
