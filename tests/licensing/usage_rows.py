"""Rows of usage as the drain leaves them: decisions, ledger and sums, made of calls that a test thinks up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from licensing.models import Decision, KeyUse, LedgerEntry, UsageDay, UsageHour
from tests.places import Place
from verify.ground.ids import decode, new_uuid

SUBJECTS = ("customer", "license", "key")


def id_of(public_id: str) -> UUID:
    found = decode(public_id.partition("_")[0], public_id)
    assert found, public_id
    return found


@dataclass
class Call:
    """By default on the sample key; `usage` by meter."""

    at: datetime
    usage: dict[str, int] = field(default_factory=lambda: {"requests": 1})
    outcome: str = "VALID"
    features: Sequence[str] = ()
    subject: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=new_uuid)
    repeat: bool = False
    plan_version: int = 1


def fill(place: Place, calls: Iterable[Call]) -> None:
    """Over the connection that the drain writes with."""
    given = list(calls)
    Decision.objects.across_tenants().bulk_create([_decision(place, call) for call in given], batch_size=500)
    counted = [call for call in given if not call.repeat]
    LedgerEntry.objects.across_tenants().bulk_create(
        [_entry(place, call, meter) for call in counted if call.outcome == "VALID" for meter in call.usage],
        batch_size=500,
    )
    for model in (UsageHour, UsageDay):
        model.objects.across_tenants().bulk_create(_sums(model, place, counted), batch_size=500)


def used(place: Place, key: str, at: datetime) -> None:
    """Notes when a key was last used."""
    row = KeyUse(organization_id=place.environment.organization_id, key_id=id_of(key), last_used_at=at)
    KeyUse.objects.across_tenants().bulk_create([row])


def _subject(place: Place, call: Call) -> dict[str, Any]:
    ids = {f"{name}_id": id_of(call.subject.get(name, place.sample[name])) for name in SUBJECTS}
    tenant = {"organization_id": place.environment.organization_id, "environment_id": place.environment.id}
    return tenant | ids | {"plan_version": call.plan_version, "features": sorted(call.features)}


def _decision(place: Place, call: Call) -> Decision:
    told: dict[str, Any] = {"scopes": [], "revision": 1, "latency_us": 100, "context": {}} | call.told
    return Decision(
        id=call.id,
        decided_at=call.at,
        logged_at=call.at,
        plan_id=id_of(place.sample["plan"]),
        outcome=call.outcome,
        repeat=call.repeat,
        usage=call.usage,
        **_subject(place, call),
        **told,
    )


def _entry(place: Place, call: Call, meter: str) -> LedgerEntry:
    return LedgerEntry(
        id=call.id,
        meter=meter,
        decided_at=call.at,
        logged_at=call.at,
        charges=0,
        value=call.usage[meter],
        **_subject(place, call),
    )


def _sums(model: type[UsageHour | UsageDay], place: Place, calls: Iterable[Call]) -> list[UsageHour | UsageDay]:
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    subjects: dict[tuple[Any, ...], dict[str, Any]] = {}
    for call in calls:
        subject = _subject(place, call)
        at = call.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        at = at.replace(hour=0) if model is UsageDay else at
        for meter, value in call.usage.items():
            name = (at, meter, call.outcome, str(subject))
            found[name].append(value)
            subjects[name] = subject
    return [
        model(
            starts_at=name[0],
            meter=name[1],
            outcome=name[2],
            charges=0,
            value=Decimal(sum(values)),
            largest=Decimal(max(values)),
            calls=len(values),
            **subjects[name],
        )
        for name, values in found.items()
    ]
