"""Where rate limits stand, replayed from the times of the calls that were admitted, by the terms in force now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connections

from licensing.models import Key, License, Plan
from licensing.publishing import LICENSES, PLANS
from licensing.usage.counters.sums import Shards
from licensing.usage.partitions import KEEP_DAYS
from verify.answer import EPOCH
from verify.decision import effective_terms
from verify.facts import LicenseFacts, PlanFacts, RateLimit
from verify.ground.ids import encode
from verify.limits.checks import RateCheck
from verify.limits.gcra import Pace, admit, pace, stored
from verify.limits.shards import rate_key

MOST_BACK = timedelta(days=KEEP_DAYS["decisions"])
FEW = 500
CLOCKS = timedelta(hours=1)  # between a verify node's clock and Redis's, at most

USED = """
    SELECT DISTINCT keys.license_id FROM key_uses JOIN keys
        ON keys.organization_id = key_uses.organization_id AND keys.id = key_uses.key_id
    WHERE key_uses.last_used_at >= %s
"""
CALLS = """
    SELECT call.license_id, coalesce(keys.counts_as, call.key_id), call.logged_at
    FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS asked(organization_id, license_id, since)
    JOIN decisions AS call ON call.organization_id = asked.organization_id AND call.license_id = asked.license_id
        AND call.decided_at >= asked.since - interval '1 hour' AND call.logged_at >= asked.since
    JOIN keys ON keys.organization_id = call.organization_id AND keys.id = call.key_id
    WHERE call.outcome = 'VALID' AND NOT call.repeat AND call.usage <> '{}' ORDER BY call.logged_at, call.id
"""


class Level(NamedTuple):
    """A theoretical arrival time as account.lua keeps it; `passed_at` in milliseconds."""

    key: str
    kept: bytes
    passed_at: int


class Limited(NamedTuple):
    """A license with rate limits; `since` is from when on its calls matter."""

    row: License
    shard: int
    limits: tuple[tuple[RateLimit, Pace], ...]
    since: datetime


def levels(shards: Shards, now: datetime) -> Iterator[Level]:
    """Of those that are not full. `now` by Redis's clock."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute(USED, [now - MOST_BACK - CLOCKS])
        licenses = [found for (found,) in cursor.fetchall()]
    for start in range(0, len(licenses), FEW):
        limited = list(_limited(licenses[start : start + FEW], shards, now))
        calls = _calls(limited)
        for one in limited:
            yield from _levels(one, calls[one.row.id], now)


def replayed(pace: Pace, moments: Iterable[int], since: int) -> tuple[int, int]:
    """The TAT after calls at these moments (µs), all admitted. What came before `since` is not known, so the limit is
    taken for used up then: the level is exact if it was full at any time after, and never too generous.
    """
    tat = since + pace.tolerance[0], pace.tolerance[1]
    for moment in moments:
        tat = admit(pace, tat, moment) or (moment + pace.tolerance[0], pace.tolerance[1])
    return tat


def _levels(one: Limited, calls: Sequence[tuple[UUID, int]], now: datetime) -> Iterator[Level]:
    since, now_us = _microseconds(one.since), _microseconds(now)
    for limit, its_pace in one.limits:
        by_owner: dict[str, list[int]] = defaultdict(list)
        for key_id, moment in calls:
            by_owner[encode(Key.PREFIX, key_id) if limit.per == "key" else one.row.public_id].append(moment)
        for owner, moments in by_owner.items():
            tat = replayed(its_pace, moments, since)
            if tat > (now_us, 0):
                key = rate_key(one.shard, RateCheck(limit, owner, its_pace))
                yield Level(key, stored(its_pace, tat), tat[0] // 1000 + 1)


def _limited(license_ids: list[UUID], shards: Shards, now: datetime) -> Iterator[Limited]:
    rows = list(License.objects.across_tenants().filter(pk__in=license_ids))
    plan_rows = list(Plan.objects.across_tenants().filter(pk__in={row.plan_id for row in rows}))
    plans = {built.name: built.fact for built in PLANS.build(plan_rows)}
    for row, built in zip(rows, LICENSES.build(rows), strict=True):
        fact = built.fact
        assert isinstance(fact, LicenseFacts)  # noqa: S101 - what LICENSES builds
        plan, shard = plans[fact.plan], shards.of(fact.customer)
        assert isinstance(plan, PlanFacts)  # noqa: S101 - what PLANS builds
        limits = effective_terms(fact, plan).rate_limits
        if shard is not None and limits:
            paces = tuple((limit, pace(limit.limit, limit.period_seconds, limit.burst)) for limit in limits)
            longest = timedelta(microseconds=max(one.tolerance[0] + 1 for _, one in paces))
            yield Limited(row, shard, paces, now - min(2 * longest, MOST_BACK))


def _calls(limited: Sequence[Limited]) -> dict[UUID, list[tuple[UUID, int]]]:
    """By license: the key that it counts as, and microseconds, of each call, in order."""
    found: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    organizations, licenses = [one.row.organization_id for one in limited], [one.row.id for one in limited]
    with connections["sweep"].cursor() as cursor:
        cursor.execute(CALLS, [organizations, licenses, [one.since for one in limited]])
        for license_id, key_id, logged_at in cursor.fetchall():
            found[license_id].append((key_id, _microseconds(logged_at)))
    return found


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
