"""What the script says of a call, as the rules and the answer read it."""

from enum import IntEnum
from itertools import repeat
from typing import Any

import msgspec

from verify.limits.checks import Checks, QuotaCheck, RateCheck
from verify.limits.gcra import Level, level, pace

NEAR_PERCENT = 80


class Code(IntEnum):
    """As in account.lua."""

    ADMITTED = 0
    LIMITED = 1
    EXCEEDED = 2
    CONFLICT = 3
    REPEATED = 4
    NOT_READY = 5


CODES = tuple(Code)
# Compared for every call: a name of this module is found in a tenth of the time that a member of an Enum takes.
_LAST_NUMBERED, _REPEATED = Code.EXCEEDED, Code.REPEATED


class RateState(msgspec.Struct, frozen=True, gc=False):
    name: str
    limit: int
    level: Level


class QuotaState(msgspec.Struct, frozen=True, gc=False):
    """`used` includes this call if it was admitted; `cost` is what it asks for. `resets_at` None: never."""

    meter: str
    period: str
    per: str
    limit: int
    used: int
    resets_at: int | None
    overage: str
    cost: int

    @property
    def remaining(self) -> int:
        return self.limit - self.used if self.used < self.limit else 0

    @property
    def refuses(self) -> bool:
        """As account.lua does, of a call that was refused and so is not in `used`."""
        return self.overage == "deny" and self.cost > 0 and self.used + self.cost > self.limit

    @property
    def is_high(self) -> bool:
        """Near or over; the most are neither."""
        return NEAR_PERCENT * self.limit <= 100 * self.used

    @property
    def is_near(self) -> bool:
        return self.is_high and 0 < self.used <= self.limit

    @property
    def is_over(self) -> bool:
        return self.used > self.limit


class Counted(msgspec.Struct, frozen=True, gc=False):
    code: Code
    rates: tuple[RateState, ...] = ()
    quotas: tuple[QuotaState, ...] = ()


NOTHING_COUNTED = Counted(Code.ADMITTED)

# What a remembered admission keeps of its terms, so that a repeat is shown the first numbers under the first terms.
_RateTerms = tuple[str, int, int, int]  # name, limit, period_seconds, burst
_QuotaTerms = tuple[str, str, str, int, int | None, str, int]  # meter, period, per, limit, resets_at, overage, cost
_Terms = tuple[tuple[_RateTerms, ...], tuple[_QuotaTerms, ...]]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Terms).decode


def terms_of(checks: Checks) -> _Terms:
    rates = tuple((one.limit.name, one.limit.limit, one.limit.period_seconds, one.limit.burst) for one in checks.rates)
    quotas = tuple(
        (one.quota.meter, one.quota.period, one.quota.per, one.quota.limit, one.window.end, one.quota.overage, one.cost)
        for one in checks.quotas
    )
    return rates, quotas


def kept_terms(checks: Checks) -> str:
    return _encode(terms_of(checks)).decode()


def counted(outcome: list[Any], checks: Checks, now_us: int) -> Counted:
    """`outcome` as account.lua makes it, of the call whose `checks` these are; `now_us` is Redis's time of it.

    Raises ValueError, TypeError or LookupError of one that cannot be read, or is of other checks.
    """
    number = outcome[0]
    if number > _LAST_NUMBERED:
        return _repeated(*outcome[1:]) if number == _REPEATED else Counted(CODES[number])
    (_, tats, used), (rates, quotas, _) = outcome, checks
    if len(tats) != len(rates) or len(used) != len(quotas):
        message = "other limits were counted than were asked for"
        raise ValueError(message)
    return Counted(CODES[number], (*map(_rate, rates, tats, repeat(now_us)),), (*map(_quota, quotas, used),))


def _rate(check: RateCheck, tat: list[Any], now_us: int) -> RateState:
    limit, _, pace = check
    whole, ticks = tat
    return RateState(limit.name, limit.limit, level(pace, (int(whole), int(ticks)), now_us))


def _quota(check: QuotaCheck, used: Any) -> QuotaState:
    quota, _, window, cost = check
    return QuotaState(quota.meter, quota.period, quota.per, quota.limit, int(used), window.end, quota.overage, cost)


def _repeated(kept: str, first_us: int, tats: list[Any], used: list[int]) -> Counted:
    """The first numbers, under the first terms."""
    terms = _decode(kept)
    rates = tuple(
        RateState(name, limit, level(pace(limit, seconds, burst), (int(tat[0]), int(tat[1])), first_us))
        for (name, limit, seconds, burst), tat in zip(terms[0], tats, strict=True)
    )
    quotas = tuple(
        QuotaState(meter, period, per, limit, int(amount), end, overage, cost)
        for (meter, period, per, limit, end, overage, cost), amount in zip(terms[1], used, strict=True)
    )
    return Counted(Code.REPEATED, rates, quotas)
