"""How licensing's rows become facts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from licensing.models import Customer, Key, License, Plan, PlanVersion
from tenants.clock import milliseconds
from tenants.publishing.sources import Built, Source
from verify.facts import CustomerFacts, KeyFacts, LicenseFacts, Overrides, PlanFacts, PlanTerms
from verify.ground.ids import encode


def _plans(rows: Sequence[Plan]) -> Iterable[Built]:
    terms: dict[UUID, dict[int, PlanTerms]] = defaultdict(dict)
    published = PlanVersion.objects.across_tenants().filter(
        plan__in=[row.id for row in rows], published_at__isnull=False
    )
    for version in published:
        terms[version.plan_id][version.version] = PlanTerms(tuple(version.scopes), version.features)
    for row in rows:
        yield Built(row.public_id, row.revision, PlanFacts(row.public_id, row.code, row.floor_version, terms[row.id]))


def _customers(rows: Sequence[Customer]) -> Iterable[Built]:
    for row in rows:
        yield Built(row.public_id, row.revision, CustomerFacts(row.public_id, row.external_id))


def _licenses(rows: Sequence[License]) -> Iterable[Built]:
    for row in rows:
        fact = LicenseFacts(
            id=row.public_id,
            customer=encode(Customer.PREFIX, row.customer_id),
            plan=encode(Plan.PREFIX, row.plan_id),
            plan_version=row.plan_version,
            starts_at=milliseconds(row.starts_at) or 0,
            expires_at=milliseconds(row.expires_at),
            trial_ends_at=milliseconds(row.trial_ends_at),
            suspended=row.suspended_at is not None,
            revoked=row.revoked_at is not None,
            overrides=_overrides(row.overrides),
        )
        yield Built(row.public_id, row.revision, fact)


def _overrides(given: dict[str, Any]) -> Overrides:
    scopes = given.get("scopes")
    return Overrides(None if scopes is None else tuple(scopes), given.get("features") or {})


def _keys(rows: Sequence[Key]) -> Iterable[Built]:
    successors = Key.objects.across_tenants().filter(rotated_from__in=[row.id for row in rows])
    rotated = set(successors.values_list("rotated_from", flat=True))
    for row in rows:
        fact = KeyFacts(
            id=row.public_id,
            name=row.name,
            license=encode(License.PREFIX, row.license_id),
            scopes=None if row.scopes is None else tuple(row.scopes),
            expires_at=milliseconds(row.expires_at),
            suspended=row.suspended_at is not None,
            revoked=row.revoked_at is not None,
            allowed_ips=tuple(row.allowed_ips),
            user=row.user,
            rotated=row.id in rotated,
        )
        yield Built(bytes(row.digest).hex(), row.revision, fact)


PLANS = Source(Plan, _plans)
CUSTOMERS = Source(Customer, _customers)
LICENSES = Source(License, _licenses)
KEYS = Source(Key, _keys)
