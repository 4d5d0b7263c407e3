"""Stripe's signature over what is sent: `t=…,v1=…`, one v1 for each secret that is valid."""

import hashlib
import hmac
from collections.abc import Sequence


def signature(body: bytes, secrets: Sequence[str], signed_at: int) -> str:
    marks = [hmac.new(secret.encode(), b"%d." % signed_at + body, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={signed_at}", *(f"v1={mark}" for mark in marks)])
