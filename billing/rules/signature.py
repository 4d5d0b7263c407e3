"""Whether Stripe signed a webhook's body: `Stripe-Signature: t=<seconds>,v1=<hex>[,…]`, HMAC-SHA256 over `t.body`."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from enum import StrEnum

TOLERANCE_SECONDS = 300  # both ways: Stripe signs each delivery anew, so a good one is never old, nor of the future
_TIME = re.compile(r"[0-9]{1,12}")
_MOST_CHARACTERS, _MOST_SIGNATURES = 4096, 16


class Signature(StrEnum):
    GOOD = "good"
    MALFORMED = "malformed"
    WRONG = "wrong"
    OUTSIDE_TOLERANCE = "outside_tolerance"


def judge(body: bytes, header: str, secrets: Sequence[bytes], *, now: int) -> Signature:
    """`now` in seconds since 1970 UTC. All secrets are tried, in the same time whichever fits."""
    times, signatures = _read(header)
    if len(times) != 1 or not signatures or not _TIME.fullmatch(times[0]):
        return Signature.MALFORMED
    fits = False
    for secret in secrets:
        expected = hmac.new(secret, times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
        for given in signatures:
            fits |= hmac.compare_digest(expected, given.encode())
    if not fits:
        return Signature.WRONG
    return Signature.GOOD if abs(now - int(times[0])) <= TOLERANCE_SECONDS else Signature.OUTSIDE_TOLERANCE


def _read(header: str) -> tuple[list[str], list[str]]:
    if len(header) > _MOST_CHARACTERS:
        return [], []
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    return times, [value for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
