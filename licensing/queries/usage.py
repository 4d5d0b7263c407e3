"""What was used, summed over windows and groups: from the rollups, which say exactly what the ledger says.

Whole days come from `usage_days`, the hours at both ends from `usage_hours`. In SQL, as Django cannot group a union.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from psycopg import sql

from licensing.models import Customer, Key, License
from licensing.rules.usage import KNOWN, end_of, number, whole_days
from tenants.tenancy import Place
from verify.ground.ids import encode
from verify.reasons import Reason

SUBJECTS = {"key": Key, "license": License, "customer": Customer}
# Each as it is grouped and put in order: never null, so that two rows can be compared.
_GROUPS = {name: f"{name}_id::text" for name in SUBJECTS} | {
    "meter": "meter",
    "feature": "coalesce(feature, '')",
    "outcome": "outcome",
}
GROUPS = tuple(_GROUPS)


class Asked(NamedTuple):
    """From `start` to `end`, both on the hour. `meter` is a code, "" for all that can be summed; `aggregations` are
    those of the environment's meters. `of` narrows to the rows of one key, license or customer by the name of its
    column. `window` is "" for one row per group.
    """

    start: datetime
    end: datetime
    meter: str
    aggregations: Mapping[str, str]
    window: str = ""
    group_by: Sequence[str] = ()
    of: Mapping[str, UUID] = {}


class Used(NamedTuple):
    """`place` is where the row stands in the order of all, for the page that begins after it."""

    start: datetime
    end: datetime
    value: int | float
    group: dict[str, str | None]
    place: list[str]


def used(asked: Asked, within: Place, *, most: int | None = None, after: Sequence[str] = ()) -> list[Used]:
    """In the order of time, then of groups: at most `most` rows, those behind the place `after`.

    Only what was admitted, unless `outcome` is grouped by. Where nothing was used there is no row, but for the one
    that is asked for without window and groups.
    """
    names = [*(["at"] if asked.window else []), *asked.group_by]
    query = _query(asked, names, limited=most is not None, behind=bool(after))
    first_day, last_day = (asked.end, asked.end) if asked.window == "hour" else whole_days(asked.start, asked.end)
    told = {
        "organization": within.organization_id,
        "environment": within.id,
        "meter": asked.meter,
        "largest": [code for code, aggregation in asked.aggregations.items() if aggregation == "max"],
        "unsummed": [code for code, aggregation in asked.aggregations.items() if aggregation not in KNOWN],
        "admitted": Reason.VALID.value,
        "window": asked.window,
        "most": most,
        "start": asked.start,
        "end": asked.end,
        "first_day": first_day,
        "last_day": last_day,
        **{f"of_{column}": subject for column, subject in asked.of.items()},
        **{f"after_{name}": value for name, value in zip(names, after, strict=bool(after))},
    }
    with connection.cursor() as cursor:
        cursor.execute(query, told)
        rows = cursor.fetchall()
    return [_used(asked, dict(zip([*names, "value"], row, strict=True))) for row in rows]


def _used(asked: Asked, row: dict[str, Any]) -> Used:
    value = number(row.pop("value"))
    place = [one.isoformat() if isinstance(one, datetime) else one for one in row.values()]
    at = row.pop("at", None)
    start = asked.start if at is None else max(asked.start, at)
    end = asked.end if at is None else min(asked.end, end_of(asked.window, at))
    return Used(start, end, value, {name: _shown(name, one) for name, one in row.items()}, place)


def _shown(group: str, value: str) -> str | None:
    if group in SUBJECTS:
        return encode(SUBJECTS[group].PREFIX, UUID(value))
    return value or None


_FOUND = sql.SQL("""
WITH pieces AS (
    SELECT * FROM usage_days
    WHERE {wanted} AND starts_at >= %(first_day)s AND starts_at < %(last_day)s
    UNION ALL
    SELECT * FROM usage_hours
    WHERE {wanted} AND (
        starts_at >= %(start)s AND starts_at < %(first_day)s OR starts_at >= %(last_day)s AND starts_at < %(end)s
    )
), totals AS (
    SELECT {columns} CASE WHEN bool_or(meter = ANY(%(largest)s)) THEN max(largest) ELSE sum(value) END AS total
    FROM pieces {named} {grouped}
)
SELECT * FROM totals {behind} {ordered} {limited}
""")
_WANTED = "organization_id = %(organization)s AND environment_id = %(environment)s"
# A call that names several features is one row for each of them only where features are asked for.
_NAMED = "LEFT JOIN LATERAL (SELECT DISTINCT unnest(features) AS feature) AS named ON true"


def _query(asked: Asked, names: Sequence[str], *, limited: bool, behind: bool) -> sql.Composed:
    wanted = [_WANTED, "meter = %(meter)s" if asked.meter else "meter <> ALL(%(unsummed)s)"]
    wanted += [f"{column} = %(of_{column})s" for column in asked.of]
    if "outcome" not in asked.group_by:
        wanted.append("outcome = %(admitted)s")
    known = {"at": "date_trunc(%(window)s, starts_at, 'UTC')"} | _GROUPS
    places = ", ".join(str(number) for number in range(1, len(names) + 1))
    row, last = ", ".join(f"{name}_" for name in names), ", ".join(map(_typed, names))
    parts = {
        "wanted": " AND ".join(wanted),
        "columns": "".join(f"{known[name]} AS {name}_, " for name in names),
        "named": _NAMED if "feature" in asked.group_by else "",
        "grouped": f"GROUP BY {places}" if names else "",
        "behind": f"WHERE ({row}) > ({last})" if behind else "",
        "ordered": f"ORDER BY {places}" if names else "",
        "limited": "LIMIT %(most)s" if limited else "",
    }
    return _FOUND.format(**{name: sql.SQL(part) for name, part in parts.items()})


def _typed(name: str) -> str:
    return f"%(after_{name})s::{'timestamptz' if name == 'at' else 'text'}"
