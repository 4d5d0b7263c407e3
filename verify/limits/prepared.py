"""A call as the script takes it, put together once for all calls of a key that use the same in the same windows."""

from typing import NamedTuple

import msgspec

from verify.facts import KeyFacts, LicenseFacts, PlanTerms
from verify.limits.call import Mode, call
from verify.limits.checks import Checks, added, checks_of
from verify.limits.counted import kept_terms

_encode = msgspec.msgpack.Encoder().encode
_CALL = b"\x96"  # an array of six (msgpack): what `verify.limits.call.call` gives
_UNNAMED = {mode: _CALL + _encode(int(mode)) + 3 * _encode("") for mode in Mode}


class Prepared(NamedTuple):
    """Good for calls that say `usage`, from `since` until before `until` (milliseconds; no end: None)."""

    usage: dict[str, int]
    since: int
    until: int | None
    checks: Checks
    counters: bytes
    logged: bytes

    def serves(self, usage: dict[str, int], now: int) -> bool:
        return self.since <= now and (self.until is None or now < self.until) and self.usage == usage

    def words(self, mode: Mode, record: str = "", fingerprint: str = "") -> bytes:
        """The call (verify.limits.call) in msgpack."""
        if not record:
            return _UNNAMED[mode] + self.counters
        named = (int(mode), record, fingerprint, kept_terms(self.checks))
        return _CALL + b"".join(map(_encode, named)) + self.counters


def prepare(
    terms: PlanTerms,
    license: LicenseFacts,
    key: KeyFacts,
    shard: int,
    *,
    usage: dict[str, int],
    meters: dict[str, str],
    now: int,
) -> Prepared:
    """As `checks_of`. `logged` is what the log keeps of the usage: what was asked for, what it adds, and where."""
    checks = checks_of(terms, license, key, usage=usage, meters=meters, now=now)
    counters = b"".join(map(_encode, call(Mode.ENFORCED, checks, shard)[4:]))
    adds = {meter: added(usage, meter, meters) for meter in usage}
    logged = b"".join(map(_encode, (usage, adds, checks.charges)))
    since = max((quota.window.start for quota in checks.quotas), default=0)
    until = min((quota.window.end for quota in checks.quotas if quota.window.end is not None), default=None)
    return Prepared(usage, since, until, checks, counters, logged)
