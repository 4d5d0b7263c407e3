"""Keys of a license, and which of them are in force."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from licensing.models import Key, KeyUse
from tenants.tenancy import Place


def in_force(keys: QuerySet[Key], now: datetime) -> QuerySet[Key]:
    """Those whose status is `active`, as Key.status says it of one row."""
    return with_status(keys, "active", now)


STATUSES = ("active", "expired", "suspended", "revoked")


def with_status(keys: QuerySet[Key], status: str, now: datetime) -> QuerySet[Key]:
    """Those whose `Key.status` is `status`."""
    over, free = Q(expires_at__lte=now), Q(revoked_at__isnull=True, suspended_at__isnull=True)
    conditions = {
        "active": free & (Q(expires_at__isnull=True) | Q(expires_at__gt=now)),
        "expired": free & over,
        "suspended": Q(revoked_at__isnull=True, suspended_at__isnull=False),
        "revoked": Q(revoked_at__isnull=False),
    }
    return keys.filter(conditions[status])


def of_license(license_id: UUID, within: Place) -> QuerySet[Key]:
    keys: QuerySet[Key] = Key.objects.within(within).filter(license=license_id)
    return keys


def found(key_id: UUID, within: Place) -> Key | None:
    """With its license, the license's customer, the key that it was rotated from, and its last use."""
    keys = Key.objects.within(within).select_related("license__customer", "rotated_from")
    rows: list[Key] = with_last_use(list(keys.filter(pk=key_id)), within)
    return rows[0] if rows else None


def with_last_use(keys: list[Key], within: Place) -> list[Key]:
    """The same rows, with `last_used_at` as far as the usage log was drained: one query for all of them."""
    uses = KeyUse.objects.of_organization(within.organization_id).filter(key_id__in=[key.id for key in keys])
    last = dict(uses.values_list("key_id", "last_used_at"))
    for key in keys:
        key.last_used_at = last.get(key.id)
    return keys


def successor(key: Key, within: Place) -> Key | None:
    """The newest key that it was rotated into."""
    found: Key | None = Key.objects.within(within).filter(rotated_from=key.id).order_by("-id").first()
    return found
