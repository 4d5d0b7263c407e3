"""Idempotency keys: the same request again gets the same answer, whatever it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tests.stripe_simulator.account import DAY
from tests.stripe_simulator.refusals import StripeRefusal

HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Kept:
    fingerprint: str
    status: int
    body: bytes
    at: int
    request_id: str


@dataclass
class Answered:
    """What one account remembers: for a day, also that it failed with 500. Not what was refused before it began."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def recall(self, key: str, fingerprint: str, now: int) -> Kept | None:
        found = self.kept.get(key)
        if found is None or found.at + DAY <= now:
            return None
        if found.fingerprint != fingerprint:
            raise StripeRefusal(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                "idempotency_error",
            )
        return found


def fingerprint(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()
