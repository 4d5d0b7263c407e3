"""Calls as the script takes them, put together once for all that use the same in the same windows, whoever makes them.

Calls of different keys differ in the names of their counters alone, and in those, within a shard, by who owns them.
"""

from functools import lru_cache
from itertools import zip_longest

import msgspec

from verify.facts import KeyFacts, LicenseFacts, PlanTerms
from verify.limits.call import Mode, call
from verify.limits.checks import Checks, QuotaCheck, RateCheck, added, checks_of, owner_of
from verify.limits.counted import kept_terms

_encode = msgspec.msgpack.Encoder().encode
_CALL = b"\x96"  # an array of six (msgpack): what `verify.limits.call.call` gives
_UNNAMED = tuple(_CALL + _encode(int(mode)) + 3 * _encode("") for mode in Mode)


class Prepared(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What calls have in common, whoever makes them, that say `usage` under the same limits from `since` until before
    `until` (milliseconds; no end: None). `adds` is what that comes to by meter, `checks` name no owners.

    Between each two `pieces` belongs the id of a counter's owner; `owners` says whose (license, key, customer), in
    order, and `sole` is the one that owns all of them, if there is but one.
    """

    usage: dict[str, int]
    adds: dict[str, int]
    since: int
    until: int | None
    checks: Checks
    pieces: tuple[bytes, ...]
    owners: tuple[str, ...]
    sole: str | None

    def serves(self, usage: dict[str, int], now: int) -> bool:
        until = self.until
        return self.since <= now and (until is None or now < until) and self.usage == usage

    def words(self, mode: Mode, license: LicenseFacts, key: KeyFacts, record: str = "", fingerprint: str = "") -> bytes:
        """The call (verify.limits.call) in msgpack."""
        if self.sole is not None:
            counters = owner_of(self.sole, license, key).encode().join(self.pieces)
        else:
            ids = [owner_of(per, license, key).encode() for per in self.owners]
            several = zip_longest(self.pieces, ids, fillvalue=b"")
            counters = b"".join(part for pair in several for part in pair)
        if not record:
            return _UNNAMED[mode] + counters
        named = (int(mode), record, fingerprint, kept_terms(self.checks))
        return _CALL + b"".join(map(_encode, named)) + counters


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
    """As `checks_of`; it is good for all of the shard whose ids are as long as these."""
    checks = checks_of(terms, license, key, usage=usage, meters=meters, now=now)
    adds = tuple((meter, added(usage, meter, meters)) for meter in usage)
    lengths = *(len(rate.owner) for rate in checks.rates), *(len(quota.owner) for quota in checks.quotas)
    rates = tuple(rate._replace(owner="") for rate in checks.rates)
    quotas = tuple(quota._replace(owner="") for quota in checks.quotas)
    return _prepared(tuple(usage.items()), adds, rates, quotas, tuple(checks.charges.items()), shard, lengths)


@lru_cache(maxsize=16_384)
def _prepared(
    usage: tuple[tuple[str, int], ...],
    adds: tuple[tuple[str, int], ...],
    rates: tuple[RateCheck, ...],
    quotas: tuple[QuotaCheck, ...],
    charges: tuple[tuple[str, int], ...],
    shard: int,
    lengths: tuple[int, ...],
) -> Prepared:
    """Held once for all keys of a plan: there may be hundreds of thousands of them."""
    checks = Checks(rates, quotas, dict(charges))
    since = max((quota.window.start for quota in quotas), default=0)
    until = min((quota.window.end for quota in quotas if quota.window.end is not None), default=None)
    owners = tuple([rate.limit.per for rate in rates] + [quota.quota.per for quota in quotas])
    sole = owners[0] if len(set(owners)) == 1 else None
    return Prepared(dict(usage), dict(adds), since, until, checks, _pieces(checks, shard, lengths), owners, sole)


def _pieces(checks: Checks, shard: int, lengths: tuple[int, ...]) -> tuple[bytes, ...]:
    """What is before, between and after ids that are so long. Without an owner a name has two colons in its place."""
    pieces, long = [b""], iter(lengths)
    for several in call(Mode.ENFORCED, checks, shard)[4:]:
        pieces[-1] += _array(len(several))
        for name, *numbers in several:
            before, _, after = name.encode().partition(b"::")
            pieces[-1] += _array(1 + len(numbers)) + _text(len(before) + next(long) + len(after) + 2) + before + b":"
            pieces.append(b":" + after + b"".join(map(_encode, numbers)))
    return tuple(pieces)


def _array(count: int) -> bytes:
    """How an array of so many begins in msgpack."""
    return _encode([None] * count)[:-count] if count else _encode([])


def _text(length: int) -> bytes:
    """How a text of so many bytes begins in msgpack."""
    return _encode("-" * length)[:-length]
