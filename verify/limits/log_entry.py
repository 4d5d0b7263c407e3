"""The usage log: what the data plane writes of each verdict and the drain reads (msgpack arrays, like facts).

A field may be added at the end with a default, never moved. Times are milliseconds since 1970 UTC.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from verify.limits.counted import Code
from verify.reasons import Reason

MAY_LOG = (Code.ADMITTED, Code.LIMITED, Code.EXCEEDED, Code.REPEATED)
_BY_NUMBER = {int(code): code for code in Code}
_NOT_READY, _REPEATED, _VALID = Code.NOT_READY, Code.REPEATED, Reason.VALID
BY_COUNTERS = {Code.LIMITED: Reason.RATE_LIMITED, Code.EXCEEDED: Reason.QUOTA_EXCEEDED}


class Logged(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One verdict before its counters were asked. `id` is that of the request, 16 bytes; ids are public ones.

    `usage` is what was asked for by meter, `added` what it amounts to there (a call of a `count` meter is one), and
    `charges` to which counters (verify.limits.checks.CHARGES). `digest` is the key's under the current pepper, in hex,
    if it was found by an older one, and `pepper_version` which pepper the node took for current. `latency_us` is from
    the request's arrival to the counters. `context` is JSON: msgpack has no number beyond 64 bits. `overrules`: the log
    has a refusal of this call that nobody was told of; the caller got this verdict (docs/decisions/outage.md).
    """

    id: bytes
    decided_at: int
    environment: str
    customer: str
    license: str
    key: str
    plan: str
    plan_version: int
    reason: str
    usage: dict[str, int]
    added: dict[str, int]
    charges: dict[str, int]
    features: list[str]
    scopes: list[str]
    revision: int
    latency_us: int
    ip: str | None = None
    method: str | None = None
    resource: str | None = None
    user: str | None = None
    device: str | None = None
    context: str = "{}"
    digest: str | None = None
    pepper_version: int = 0
    overrules: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """A verdict as it was given. `repeat` is one that an Idempotency-Key had again: it used nothing."""

    logged: Logged
    reason: str
    repeat: bool
    logged_at_us: int

    @property
    def admitted(self) -> bool:
        return self.reason == Reason.VALID and not self.repeat


class Unknown(msgspec.Struct, frozen=True, array_like=True):
    """How often keys that are not known were presented in one environment and minute (milliseconds of its start)."""

    id: bytes
    environment: str
    minute: int
    times: int


_encode = msgspec.msgpack.Encoder().encode
_decode_calls = msgspec.msgpack.Decoder(list[Logged]).decode
_decode_outcomes = msgspec.msgpack.Decoder(tuple[int, list[list[Any]]]).decode
_decode_unknown = msgspec.msgpack.Decoder(list[Unknown]).decode


def encode(logged: Logged) -> bytes:
    return _encode(logged)


def encode_calls(calls: list[Logged]) -> bytes:
    return _encode(calls)


def encode_unknown(counts: list[Unknown]) -> bytes:
    return _encode(counts)


def verdicts(fields: Mapping[bytes, bytes]) -> list[Outcome]:
    """Of one entry of the log, those calls that got a verdict. Raises msgspec.DecodeError or LookupError."""
    if b"calls" not in fields:
        return []
    now_us, outcomes = _decode_outcomes(fields[b"outcomes"])
    found = []
    for logged, outcome in zip(_decode_calls(fields[b"calls"]), outcomes, strict=True):
        code = _BY_NUMBER[outcome[0]]
        if code in MAY_LOG or (code is _NOT_READY and logged.reason != _VALID):
            reason = BY_COUNTERS.get(code, logged.reason)
            found.append(Outcome(logged, reason, code is _REPEATED, now_us))
    return found


def unknown(fields: Mapping[bytes, bytes]) -> list[Unknown]:
    """Raises msgspec.DecodeError."""
    return _decode_unknown(fields[b"unknown"]) if b"unknown" in fields else []
