"""What one call is counted against: the rate limits and quotas of its license, by their counters' names."""

from typing import NamedTuple

from verify.facts import BillingPeriod, KeyFacts, LicenseFacts, PlanTerms, Quota, RateLimit
from verify.limits.gcra import Pace, pace
from verify.limits.windows import Window, window

COUNTABLE = ("sum", "count")
SLACK_MS = 3_600_000  # how long a counter stays after its window: nodes' clocks differ, and calls are sent again

# By whose counter and which period, the bit that a ledger entry has if its usage was added there. A quota counts from
# when it applies, so a sum over the ledger is what a counter holds only with this.
CHARGES = {
    ("license", "hour"): 1,
    ("license", "day"): 2,
    ("license", "month"): 4,
    ("license", "billing_period"): 8,
    ("license", "lifetime"): 16,
    ("customer", "hour"): 32,
    ("customer", "day"): 64,
    ("customer", "month"): 128,
    ("customer", "lifetime"): 256,
}


class RateCheck(NamedTuple):
    limit: RateLimit
    owner: str
    pace: Pace


class QuotaCheck(NamedTuple):
    quota: Quota
    owner: str
    window: Window
    cost: int


class Checks(NamedTuple):
    """`charges` says by meter to which counters its usage is added (CHARGES)."""

    rates: tuple[RateCheck, ...]
    quotas: tuple[QuotaCheck, ...]
    charges: dict[str, int]


def checks_of(
    terms: PlanTerms,
    license: LicenseFacts,
    key: KeyFacts,
    *,
    usage: dict[str, int],
    meters: dict[str, str],
    now: int,
) -> Checks:
    """`meters`: code to aggregation; of a `count` meter a call is one, whatever it says. `now` in milliseconds."""
    rates = tuple(RateCheck(limit, owner_of(limit.per, license, key), _pace(limit)) for limit in terms.rate_limits)
    billing = license.billing or BillingPeriod(license.starts_at)
    quotas, charges = [], dict[str, int]()
    for quota in terms.quotas:
        cost = added(usage, quota.meter, meters)
        quotas.append(QuotaCheck(quota, owner_of(quota.per, license, key), window(quota.period, now, billing), cost))
        if cost:
            charges[quota.meter] = charges.get(quota.meter, 0) | CHARGES[quota.per, quota.period]
    return Checks(rates, tuple(quotas), charges)


def added(usage: dict[str, int], meter: str, meters: dict[str, str]) -> int:
    """What a call that says `usage` adds to a counter of `meter`."""
    if meters.get(meter) == "count":
        return int(meter in usage)
    return usage.get(meter, 0)


def owner_of(per: str, license: LicenseFacts, key: KeyFacts) -> str:
    """The id of whose counter it is; `per` license, key or customer."""
    return license.id if per == "license" else key.counts_as or key.id if per == "key" else license.customer


def _pace(limit: RateLimit) -> Pace:
    return pace(limit.limit, limit.period_seconds, limit.burst)
