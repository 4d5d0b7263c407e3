"""What was used, against sums over the ledger itself, made here row by row."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from licensing.models import Decision, LedgerEntry
from licensing.queries.usage import GROUPS, Asked, Used, used
from licensing.rules.usage import hour_from, hour_of
from tenants.tenancy import tenant_transaction
from tests.licensing.usage_rows import Call, fill, id_of
from tests.places import Place
from verify.ground.ids import encode

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
AGGREGATIONS = {"requests": "sum", "depth": "max", "people": "unique"}
COMBINATIONS = [(), ("feature",), ("key", "meter"), ("license", "feature"), ("customer", "key", "license", "meter")]


def someone(place: Place) -> dict[str, str]:
    """A license of another customer, with a key."""
    customer = place.post("customers", {"name": "Another"})["id"]
    license_id = place.post("licenses", {"customer": customer, "plan": place.sample["plan"]})["id"]
    return {"customer": customer, "license": license_id, "key": place.post("keys", {"license": license_id})["id"]}


def many(place: Place, chance: random.Random) -> list[Call]:
    """Calls of three months around `NOON`, on the edges of hours, days and months too."""
    whom = [{name: place.sample[name] for name in ("customer", "license", "key")}, someone(place)]
    whom.append(whom[0] | {"key": place.post("keys", {"license": place.sample["license"]})["id"]})
    edges = [NOON, NOON.replace(hour=0), NOON.replace(day=1, hour=0), NOON.replace(month=4, day=1, hour=0)]
    found = []
    for _ in range(400):
        at = NOON + timedelta(milliseconds=chance.randrange(-40 * 86_400_000, 40 * 86_400_000))
        at = chance.choice(edges) - timedelta(milliseconds=chance.choice([0, 1])) if chance.random() < 0.2 else at
        usage = {code: chance.randrange(1000) for code in AGGREGATIONS if chance.random() < 0.7}
        features = chance.sample(["a", "b", "c"], chance.randrange(3))
        outcome = chance.choice(["VALID", "VALID", "VALID", "QUOTA_EXCEEDED", "KEY_REVOKED"])
        subject, version = chance.choice(whom), chance.choice([1, 2])
        found.append(Call(at, usage, outcome, features, subject, repeat=chance.random() < 0.1, plan_version=version))
    return found


def window_of(window: str, at: datetime) -> datetime | None:
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return {"": None, "hour": at, "day": at.replace(hour=0), "month": at.replace(hour=0, day=1)}[window]


def names_of(row: Any, meter: str, group_by: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    """The groups that a row counts in: one, or as many as it has features."""
    told = {
        "key": encode("key", row.key_id),
        "license": encode("lic", row.license_id),
        "customer": encode("cus", row.customer_id),
        "meter": meter,
        "outcome": getattr(row, "outcome", "VALID"),
    }
    features = (row.features or [None]) if "feature" in group_by else [None]
    return [tuple((told | {"feature": feature})[name] for name in group_by) for feature in features]


def by_hand(asked: Asked, rows: list[tuple[Any, str, int]]) -> dict[Any, int]:
    """From rows of the ledger, or of the decisions, with what each used of one meter."""
    found: dict[Any, list[int]] = defaultdict(list)
    for row, meter, value in rows:
        is_meant = meter == asked.meter or (not asked.meter and meter != "people")
        is_its = all(getattr(row, column) == subject for column, subject in asked.of.items())
        if is_meant and is_its and asked.start <= row.decided_at < asked.end:
            for name in names_of(row, meter, tuple(asked.group_by)):
                found[window_of(asked.window, row.decided_at), name, meter].append(value)
    return {
        (at, name): max(values) if AGGREGATIONS[meter] == "max" else sum(values)
        for (at, name, meter), values in found.items()
    }


def shown(place: Place, asked: Asked) -> dict[Any, int | float]:
    with tenant_transaction(place.environment.organization_id):
        rows = used(asked, place.environment)
    found = {}
    for row in rows:
        at = window_of(asked.window, row.start)
        assert row.start == max(asked.start, at or asked.start)
        assert row.end > row.start
        found[at, tuple(row.group[name] for name in asked.group_by)] = row.value
    assert len(found) == len(rows)
    return found


def questions(chance: random.Random, place: Place) -> list[Asked]:
    found = []
    for number in range(60):
        ends = sorted(NOON + timedelta(minutes=chance.randrange(-60_000, 60_000)) for _ in range(2))
        start, end = hour_of(ends[0]), hour_from(ends[1])
        if number % 5 == 0:
            end = start + timedelta(hours=chance.choice([1, 5, 23, 24, 25, 48]))
        group_by = chance.choice(COMBINATIONS)
        meter = "" if "meter" in group_by else chance.choice(["requests", "depth"])
        of = chance.choice([{}, {"license_id": id_of(place.sample["license"])}])
        if number % 7 == 0:
            of = {"key_id": id_of(place.sample["key"])}
        found.append(Asked(start, end, meter, AGGREGATIONS, chance.choice(["", "hour", "day", "month"]), group_by, of))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_exactly_what_the_ledger_says(place: Place, seed: int) -> None:
    chance = random.Random(seed)
    fill(place, many(place, chance))
    entries = LedgerEntry.objects.across_tenants().filter(environment_id=place.environment.id)
    ledger = [(row, row.meter, int(row.value)) for row in entries]
    assert len(ledger) > 100
    for asked in questions(chance, place):
        expected = by_hand(asked, ledger)
        if not asked.window and not asked.group_by:
            expected = expected or {(None, ()): 0}
        assert shown(place, asked) == expected, asked


def test_by_outcome_it_is_what_was_asked_for_and_refused_too(place: Place) -> None:
    chance = random.Random(4)
    fill(place, many(place, chance))
    decisions = Decision.objects.across_tenants().filter(environment_id=place.environment.id, repeat=False)
    rows = [(row, meter, value) for row in decisions for meter, value in row.usage.items()]
    for window in ("", "hour", "day", "month"):
        start, end = hour_of(NOON - timedelta(days=35, hours=3)), NOON + timedelta(days=20, hours=7)
        asked = Asked(start, end, "requests", AGGREGATIONS, window, ("feature", "outcome"))
        assert shown(place, asked) == by_hand(asked, rows)
        assert {name[1] for _, name in shown(place, asked)} == {"VALID", "QUOTA_EXCEEDED", "KEY_REVOKED"}


def test_pages_are_the_whole_in_its_order(place: Place) -> None:
    chance = random.Random(5)
    fill(place, many(place, chance))
    asked = Asked(NOON - timedelta(days=50), NOON + timedelta(days=50), "", AGGREGATIONS, "day", GROUPS)
    with tenant_transaction(place.environment.organization_id):
        whole = used(asked, place.environment)
        pages: list[Used] = []
        after: list[str] = []
        while some := used(asked, place.environment, most=7, after=after):
            pages += some
            after = some[-1].place
    assert len(whole) > 100
    assert pages == whole
    assert [row.start for row in whole] == sorted(row.start for row in whole)
