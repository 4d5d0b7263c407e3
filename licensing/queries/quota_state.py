"""Where the limits and quotas of a license stand: read from the counters in Redis, by the names that verify gives them.

Timeout 1 s, no retry, one round trip: whoever asks is told that the counters are away, and shows the rest.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import redis
from django.conf import settings

from licensing.models import Customer, Key, License, Plan
from tenants.clock import milliseconds
from tenants.publishing.facts_store import client
from verify.facts import KeyFacts, LicenseFacts, PlanTerms, Quota, RateLimit
from verify.ground.ids import encode
from verify.limits.checks import Checks, checks_of
from verify.limits.counted import Code, QuotaState, RateState, counted
from verify.limits.gcra import read
from verify.limits.shards import quota_key, rate_key, ready_key, shard_of


class CountersAway(Exception):
    """Redis does not answer, or its counters are being rebuilt after a loss."""


class States(NamedTuple):
    rates: tuple[RateState, ...]
    quotas: tuple[QuotaState, ...]


def states(license: License, terms: Mapping[str, Any], now: datetime, key: Key | None = None) -> States:
    """`terms` are those in force (licensing.queries.licenses.granted). Without `key`, only limits that all keys share.

    Raises CountersAway.
    """
    checks = _checks(license, terms, now, key)
    if not checks.rates and not checks.quotas:
        return States((), ())
    shard = shard_of(encode(Customer.PREFIX, license.customer_id), settings.LICET_COUNTER_SHARDS)
    names = [*(rate_key(shard, one) for one in checks.rates), *(quota_key(shard, one) for one in checks.quotas)]
    try:
        seconds, microseconds = client().time()
        ready, *held = client().mget([ready_key(shard), *names])
    except redis.RedisError as error:
        raise CountersAway from error
    if ready is None:
        raise CountersAway
    now_us = seconds * 1_000_000 + microseconds
    tats = [read(check.pace, kept, now_us) for check, kept in zip(checks.rates, held, strict=False)]
    used = [int(one or 0) for one in held[len(checks.rates) :]]
    found = counted([Code.ADMITTED, tats, used], checks, now_us)
    return States(found.rates, found.quotas)


def _checks(license: License, terms: Mapping[str, Any], now: datetime, key: Key | None) -> Checks:
    rates = (
        RateLimit(one["name"], one["limit"], one["period_seconds"], one.get("burst") or one["limit"], one["per"])
        for one in terms["rate_limits"]
        if key is not None or one["per"] != "key"
    )
    quotas = (Quota(one["meter"], one["limit"], one["period"], one["overage"], one["per"]) for one in terms["quotas"])
    granted = PlanTerms(tuple(terms["scopes"]), terms["features"], tuple(rates), tuple(quotas))
    moment = milliseconds(now) or 0
    return checks_of(granted, _license_facts(license), _key_facts(license, key), usage={}, meters={}, now=moment)


def _license_facts(license: License) -> LicenseFacts:
    return LicenseFacts(
        id=license.public_id,
        customer=encode(Customer.PREFIX, license.customer_id),
        plan=encode(Plan.PREFIX, license.plan_id),
        plan_version=license.plan_version,
        starts_at=milliseconds(license.starts_at) or 0,
        expires_at=None,
        trial_ends_at=None,
        suspended=False,
        revoked=False,
        billing=license.billing_period,
    )


def _key_facts(license: License, key: Key | None) -> KeyFacts:
    name, counts_as = (key.public_id, key.counts_as_id) if key else ("", "")
    return KeyFacts(name, None, license.public_id, None, None, suspended=False, revoked=False, counts_as=counts_as)
