"""What the counters of quotas must hold: sums over what was admitted, by the names that the counters have in Redis.

A ledger entry says to which kinds of counter it was added (verify.limits.checks.CHARGES); only those are summed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections, transaction

from licensing.models import Customer, License
from licensing.publishing import LICENSES
from verify.answer import EPOCH
from verify.facts import BillingPeriod, LicenseFacts
from verify.ground.ids import decode, encode
from verify.limits.checks import CHARGES
from verify.limits.shards import counter_key, shard_of
from verify.limits.windows import Window, window

Sums = dict[str, Decimal]

PERIODS = ("hour", "day", "month", "lifetime")  # which begin for everybody at once
BILLING = "billing_period"
CLOCKS_MS = 10_000  # how far verify nodes' clocks may be apart: so long the window before and the one after count too
FAR = datetime(9999, 1, 1, tzinfo=EPOCH.tzinfo)
NOBODYS = BillingPeriod(0)
FEW = 1000

ROLLUP = """
    SELECT customer_id, license_id, meter, charges & %(bits)s, sum(value) FROM {table}
    WHERE starts_at >= %(start)s AND starts_at < %(end)s AND charges & %(bits)s <> 0 AND outcome = 'VALID'
    GROUP BY 1, 2, 3, 4
"""
LEDGER = """
    SELECT customer_id, license_id, meter, charges & %(bits)s, sum(value) FROM ledger
    WHERE decided_at >= %(start)s AND decided_at < %(end)s AND charges & %(bits)s <> 0 AND logged_at <= %(until)s
    GROUP BY 1, 2, 3, 4
"""
OF_LICENSES = """
    SELECT asked.place, entry.meter, sum(entry.value)
    FROM unnest(%(organizations)s::uuid[], %(licenses)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        WITH ORDINALITY AS asked(organization_id, license_id, starts_at, ends_at, place)
    JOIN ledger AS entry ON entry.organization_id = asked.organization_id AND entry.license_id = asked.license_id
        AND entry.decided_at >= asked.starts_at AND entry.decided_at < asked.ends_at
    WHERE entry.charges & %(bit)s <> 0 AND entry.logged_at <= %(until)s
    GROUP BY 1, 2
"""


class Shards(NamedTuple):
    """Which are wanted, of how many there are."""

    wanted: frozenset[int]
    total: int

    def of(self, customer: str) -> int | None:
        found = shard_of(customer, self.total)
        return found if found in self.wanted else None


class Named(NamedTuple):
    """Windows whose counters are asked for: of everybody, and of single licenses."""

    windows: frozenset[tuple[str, Window]]
    billing: frozenset[tuple[UUID, Window]]

    @property
    def ends(self) -> dict[tuple[str, int], int | None]:
        """By `window_of` a counter."""
        found = {(period, one.start): one.end for period, one in self.windows}
        return found | {(encode(License.PREFIX, license_id), one.start): one.end for license_id, one in self.billing}


def window_of(counter: str) -> tuple[str, int]:
    """Whose window a counter's is, and its start: the period's, or for billing periods the license's."""
    _, _, owner, period, start, _ = counter.split(":", 5)
    return owner if period == BILLING else period, int(start)


@contextmanager
def unhurried() -> Iterator[None]:
    """Sums over all that ever was may take longer than other statements."""
    with transaction.atomic(using="sweep"), connections["sweep"].cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def current(now: int) -> Named:
    """`now` in milliseconds."""
    moments = (now - CLOCKS_MS, now, now + CLOCKS_MS)
    with connections["sweep"].cursor() as cursor:
        bit = CHARGES["license", BILLING]
        cursor.execute("SELECT DISTINCT license_id FROM usage_days WHERE charges & %s <> 0", [bit])
        licenses = [found for (found,) in cursor.fetchall()]
    return Named(
        frozenset((period, window(period, moment, NOBODYS)) for moment in moments for period in PERIODS),
        frozenset(
            (row.id, window(BILLING, moment, _billing(fact))) for row, fact in _facts(licenses) for moment in moments
        ),
    )


def named(counters: Iterable[str]) -> Named:
    """The windows of these counters (verify.limits.shards.counter_key)."""
    windows, starts = set(), defaultdict[UUID, set[int]](set)
    for counter in counters:
        _, _, owner, period, start, _ = counter.split(":", 5)
        if period in PERIODS:
            windows.add((period, window(period, int(start), NOBODYS)))
        elif license_id := decode(License.PREFIX, owner):
            starts[license_id].add(int(start))
    billing = {
        (row.id, window(BILLING, start, _billing(fact)))
        for row, fact in _facts(list(starts))
        for start in starts[row.id]
    }
    return Named(frozenset(windows), frozenset(billing))


def by_rollups(asked: Named, shards: Shards) -> Sums:
    """Of whole hours and days, quickly; billing periods, which begin at any moment, by the ledger."""
    found = _of_licenses(asked.billing, shards, FAR)
    for period, one in asked.windows:
        table = "usage_hours" if period == "hour" else "usage_days"
        _add(found, ROLLUP.format(table=table), period, one, shards, FAR)
    return found


def by_ledger(asked: Named, shards: Shards, until: datetime) -> Sums:
    """Of calls that were counted up to `until` by Redis's clock."""
    found = _of_licenses(asked.billing, shards, until)
    for period, one in asked.windows:
        _add(found, LEDGER, period, one, shards, until)
    return found


def _add(found: Sums, query: str, period: str, one: Window, shards: Shards, until: datetime) -> None:
    kinds = {per: CHARGES[per, period] for per in ("license", "customer")}
    values: dict[str, Any] = {
        "bits": sum(kinds.values()),
        "start": _moment(one.start),
        "end": _moment(one.end),
        "until": until,
    }
    with connections["sweep"].cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[UUID, UUID, str, int, Decimal]] = cursor.fetchall()
    for customer_id, license_id, meter, charges, value in rows:
        owners = {"license": encode(License.PREFIX, license_id), "customer": encode(Customer.PREFIX, customer_id)}
        shard = shards.of(owners["customer"])
        for per, bit in kinds.items():
            if shard is not None and charges & bit:
                found[counter_key(shard, owners[per], period, one.start, meter)] += value


def _of_licenses(asked: Iterable[tuple[UUID, Window]], shards: Shards, until: datetime) -> Sums:
    found: Sums = defaultdict(Decimal)
    wanted = list(asked)
    for start in range(0, len(wanted), FEW):
        some = wanted[start : start + FEW]
        rows = {row.id: (row, fact) for row, fact in _facts([license_id for license_id, _ in some])}
        values: dict[str, Any] = {
            "organizations": [rows[license_id][0].organization_id for license_id, _ in some],
            "licenses": [license_id for license_id, _ in some],
            "starts": [_moment(_begins(one, rows[license_id][1])) for license_id, one in some],
            "ends": [_moment(one.end) for _, one in some],
            "bit": CHARGES["license", BILLING],
            "until": until,
        }
        with connections["sweep"].cursor() as cursor:
            cursor.execute(OF_LICENSES, values)
            for place, meter, value in cursor.fetchall():
                license_id, one = some[place - 1]
                shard = shards.of(rows[license_id][1].customer)
                if shard is not None:
                    found[counter_key(shard, rows[license_id][1].id, BILLING, one.start, meter)] += value
    return found


def _facts(license_ids: list[UUID]) -> Iterator[tuple[License, LicenseFacts]]:
    """Licenses as verify knows them."""
    for start in range(0, len(license_ids), FEW):
        rows = list(License.objects.across_tenants().filter(pk__in=license_ids[start : start + FEW]))
        for row, built in zip(rows, LICENSES.build(rows), strict=True):
            assert isinstance(built.fact, LicenseFacts)  # noqa: S101 - what LICENSES builds
            yield row, built.fact


def _begins(one: Window, fact: LicenseFacts) -> int:
    """Usage of a trial belongs to the first window, which is named by its anchor: the trial's end."""
    of_trial = fact.trial_ends_at is not None and one.start == _billing(fact).anchor <= fact.trial_ends_at
    return fact.starts_at if of_trial else one.start


def _billing(fact: LicenseFacts) -> BillingPeriod:
    return fact.billing or BillingPeriod(fact.starts_at)


def _moment(milliseconds: int | None) -> datetime:
    return FAR if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)
