"""What a call is in the tables: decisions and ledger as COPY's text, sums per hour and day. Pure.

The rows are put together as text by ourselves: psycopg does it value by value, which took longer than PostgreSQL takes
for all the rest.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from licensing.usage.reading import Call

ROLLUP_KEY = (
    *("organization_id", "starts_at", "license_id", "key_id", "meter", "features", "outcome", "plan_version"),
    "charges",
)


class Sum(msgspec.Struct, gc=False):
    """What several calls used that have all of ROLLUP_KEY in common."""

    environment: str
    customer: str
    value: int
    largest: int
    calls: int

    def add(self, value: int, largest: int, calls: int) -> None:
        self.value += value
        self.largest = max(self.largest, largest)
        self.calls += calls


Sums = dict[tuple[Any, ...], Sum]
NULL = "\\N"

# What a value may not hold in COPY's text format as it is, and what PostgreSQL's texts cannot hold at all.
_ODD = re.compile(r"[\0\\\t\n\r]")
_ESCAPES = str.maketrans({"\0": "\ufffd", "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_encode = msgspec.json.Encoder().encode


def decision(call: Call) -> str:
    """A row of `decisions`, in the order of books.DECISION."""
    logged = call.logged
    return (
        f"{call.organization}\t{call.id}\t{call.decided_at}\t{call.logged_at}\t{call.environment}\t{call.customer}\t"
        f"{call.license}\t{call.key}\t{call.plan}\t{logged.plan_version}\t{_told(call.reason)}\t{call.repeat}\t"
        f"{_document(tuple(logged.usage.items()))}\t{_array(tuple(logged.features))}\t{_array(tuple(logged.scopes))}\t"
        f"{logged.revision}\t{logged.latency_us}\t{_told(logged.ip)}\t{_told(logged.method)}\t"
        f"{_told(logged.resource)}\t{_told(logged.user)}\t{_told(logged.device)}\t{_json(logged.context)}\n"
    )


def ledger(call: Call) -> str:
    """Rows of `ledger`, in the order of books.LEDGER."""
    if not call.admitted:
        return ""
    return "".join(
        f"{call.organization}\t{call.id}\t{_told(meter)}\t{call.decided_at}\t{call.logged_at}\t{call.environment}\t"
        f"{call.customer}\t{call.license}\t{call.key}\t{call.logged.plan_version}\t{_array(call.features)}\t{charges}\t"
        f"{value}\n"
        for meter, value, charges in call.amounts
    )


def by_hour(calls: Iterable[Call]) -> Sums:
    """What was refused has its outcome, and what was asked for; a repeat used and asked nothing."""
    found: Sums = {}
    for call in calls:
        if call.repeat:
            continue
        for meter, value, charges in call.amounts:
            key = (
                *(call.organization, f"{call.decided_at[:13]}:00:00Z", call.license, call.key, meter, call.features),
                *(call.reason, call.logged.plan_version, charges),
            )
            known = found.get(key)
            if known is None:
                found[key] = Sum(call.environment, call.customer, value, value, 1)
            else:
                known.add(value, value, 1)
    return found


def by_day(hours: Sums) -> Sums:
    found: Sums = {}
    for (organization, hour, *rest), one in hours.items():
        key = (organization, f"{hour[:10]}T00:00:00Z", *rest)
        known = found.get(key)
        if known is None:
            found[key] = Sum(one.environment, one.customer, one.value, one.largest, one.calls)
        else:
            known.add(one.value, one.largest, one.calls)
    return found


def rollup(sums: Sums) -> list[dict[str, Any]]:
    """Rows of `usage_hours` or `usage_days`, by the names of their columns."""
    return [
        {
            **dict(zip(ROLLUP_KEY, key, strict=True)),
            "environment_id": one.environment,
            "customer_id": one.customer,
            "value": one.value,
            "largest": one.largest,
            "calls": one.calls,
        }
        for key, one in sums.items()
    ]


def _told(text: str | None) -> str:
    if text is None:
        return NULL
    return text.translate(_ESCAPES) if _ODD.search(text) else text


@lru_cache(maxsize=4096)
def _document(members: tuple[tuple[str, int], ...]) -> str:
    return _json(_encode(dict(members)).decode())


def _json(text: str) -> str:
    return _told(text.replace("\\u0000", "\\ufffd"))


@lru_cache(maxsize=4096)
def _array(items: tuple[str, ...]) -> str:
    """Between quotes a backslash stands before a quote or another one (PostgreSQL's array literals)."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return _told("{" + ",".join(f'"{item}"' for item in quoted) + "}")
