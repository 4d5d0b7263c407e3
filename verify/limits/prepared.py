"""Calls as the script takes them, put together once for all of a key that use the same in the same windows."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from verify.facts import KeyFacts, LicenseFacts, PlanTerms
from verify.limits.call import Mode, call
from verify.limits.checks import Checks, QuotaCheck, RateCheck, added, checks_of
from verify.limits.counted import kept_terms

_encode = msgspec.msgpack.Encoder().encode
_CALL = b"\x96"  # an array of six (msgpack): what `verify.limits.call.call` gives
_UNNAMED = {mode: _CALL + _encode(int(mode)) + 3 * _encode("") for mode in Mode}


class Alike(NamedTuple):
    """What calls have in common, whoever makes them, that say `usage` under the same limits from `since` until before
    `until` (milliseconds; no end: None). `checks` name no owners; `logged` is what the log keeps of the usage.
    """

    usage: dict[str, int]
    since: int
    until: int | None
    checks: Checks
    logged: bytes


class Prepared:
    """How calls of one key are counted: as others `alike`, at its own `counters`."""

    __slots__ = ("alike", "counters")

    def __init__(self, alike: Alike, counters: bytes) -> None:
        self.alike, self.counters = alike, counters

    def serves(self, usage: dict[str, int], now: int) -> bool:
        said, since, until, _, _ = self.alike
        return since <= now and (until is None or now < until) and said == usage

    def words(self, mode: Mode, record: str = "", fingerprint: str = "") -> bytes:
        """The call (verify.limits.call) in msgpack."""
        if not record:
            return _UNNAMED[mode] + self.counters
        named = (int(mode), record, fingerprint, kept_terms(self.alike.checks))
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
    """As `checks_of`."""
    checks = checks_of(terms, license, key, usage=usage, meters=meters, now=now)
    counters = b"".join(map(_encode, call(Mode.ENFORCED, checks, shard)[4:]))
    adds = tuple((meter, added(usage, meter, meters)) for meter in usage)
    rates = tuple(rate._replace(owner="") for rate in checks.rates)
    quotas = tuple(quota._replace(owner="") for quota in checks.quotas)
    return Prepared(_alike(tuple(usage.items()), adds, rates, quotas, tuple(checks.charges.items())), counters)


@lru_cache(maxsize=4096)
def _alike(
    usage: tuple[tuple[str, int], ...],
    adds: tuple[tuple[str, int], ...],
    rates: tuple[RateCheck, ...],
    quotas: tuple[QuotaCheck, ...],
    charges: tuple[tuple[str, int], ...],
) -> Alike:
    """Held once for all keys of a plan: there may be hundreds of thousands of them."""
    checks = Checks(rates, quotas, dict(charges))
    logged = b"".join(map(_encode, (dict(usage), dict(adds), checks.charges)))
    since = max((quota.window.start for quota in quotas), default=0)
    until = min((quota.window.end for quota in quotas if quota.window.end is not None), default=None)
    return Alike(dict(usage), since, until, checks, logged)
