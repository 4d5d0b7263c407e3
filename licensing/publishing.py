"""How licensing's rows become facts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from licensing.models import Catalog, Customer, Key, License, Meter, Plan, PlanVersion, Product
from tenants.clock import milliseconds
from tenants.models import Environment
from tenants.publishing.sources import Built, Source
from verify.facts import (
    BillingFacts,
    CatalogFacts,
    CustomerFacts,
    KeyFacts,
    LicenseFacts,
    Offer,
    Overrides,
    PlanFacts,
    PlanTerms,
    Quota,
    RateLimit,
)
from verify.ground.ids import encode


def _plans(rows: Sequence[Plan]) -> Iterable[Built]:
    terms: dict[UUID, dict[int, PlanTerms]] = defaultdict(dict)
    published = PlanVersion.objects.across_tenants().filter(
        plan__in=[row.id for row in rows], published_at__isnull=False
    )
    for version in published:
        terms[version.plan_id][version.version] = _terms(version)
    for row in rows:
        product = encode(Product.PREFIX, row.product_id)
        fact = PlanFacts(row.public_id, row.code, row.floor_version, terms[row.id], product)
        yield Built(row.public_id, row.revision, fact)


def _catalogs(rows: Sequence[Catalog]) -> Iterable[Built]:
    environments = [row.environment_id for row in rows]
    meters: dict[UUID, dict[str, str]] = defaultdict(dict)
    for meter in Meter.objects.across_tenants().filter(environment_id__in=environments).order_by("code"):
        meters[meter.environment_id][meter.code] = meter.aggregation
    offers: dict[UUID, list[Offer]] = defaultdict(list)
    plans = Plan.objects.across_tenants().filter(environment_id__in=environments).select_related("product")
    versions = PlanVersion.objects.across_tenants().filter(plan__in=plans, version=F("plan__published_version"))
    published = {version.plan_id: version for version in versions}
    for plan in plans.order_by("id"):
        if plan.id in published:
            offer = Offer(plan.code, plan.product.public_id, _terms(published[plan.id]), plan.product.upgrade_url)
            offers[plan.environment_id].append(offer)
    for row in rows:
        name = encode(Environment.PREFIX, row.environment_id)
        fact = CatalogFacts(meters[row.environment_id], tuple(offers[row.environment_id]))
        yield Built(name, row.revision, fact)


def _terms(version: PlanVersion) -> PlanTerms:
    return PlanTerms(
        tuple(version.scopes), version.features, _rate_limits(version.rate_limits), _quotas(version.quotas)
    )


def _rate_limits(given: Sequence[Mapping[str, Any]]) -> tuple[RateLimit, ...]:
    return tuple(
        RateLimit(one["name"], one["limit"], one["period_seconds"], one.get("burst") or one["limit"], one["per"])
        for one in given
    )


def _quotas(given: Sequence[Mapping[str, Any]]) -> tuple[Quota, ...]:
    return tuple(Quota(one["meter"], one["limit"], one["period"], one["overage"], one["per"]) for one in given)


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
            billing=row.billing_period,
            billed=_billed(row),
            over_limit=row.over_limit,
        )
        yield Built(row.public_id, row.revision, fact)


def _billed(row: License) -> BillingFacts | None:
    if row.billing_state is None:
        return None
    return BillingFacts(row.billing_state, row.billing_reason, milliseconds(row.grace_ends_at))


def _overrides(given: dict[str, Any]) -> Overrides:
    scopes, rates, quotas = (given.get(name) for name in ("scopes", "rate_limits", "quotas"))
    return Overrides(
        None if scopes is None else tuple(scopes),
        given.get("features") or {},
        None if rates is None else _rate_limits(rates),
        None if quotas is None else _quotas(quotas),
    )


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
            counts_as=row.counts_as_id,
        )
        yield Built(bytes(row.digest).hex(), row.revision, fact)
        # Told each time anew: somebody slow, who read the row when it still had it, may have stored it once more.
        if row.former_digest is not None:
            yield Built(bytes(row.former_digest).hex(), row.revision, None)


CATALOGS = Source(Catalog, _catalogs)
PLANS = Source(Plan, _plans)
CUSTOMERS = Source(Customer, _customers)
LICENSES = Source(License, _licenses)
KEYS = Source(Key, _keys)
