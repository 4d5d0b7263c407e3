"""Asking the database for licenses of one status gives exactly those whose status it is."""

from datetime import UTC, datetime, timedelta

from licensing.models import License
from licensing.queries.standing import with_status
from tenants.tenancy import tenant_transaction
from tests.places import Place
from verify.ground.ids import decode, new_uuid
from verify.license_status import Status

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = (NOW - DAY, NOW, NOW + DAY)


def rows_of_every_kind(place: Place) -> list[License]:
    environment = place.environment
    customer, plan = decode("cus", place.sample["customer"]), decode("plan", place.sample["plan"])
    assert customer
    assert plan
    rows = []
    for starts in MOMENTS:
        for expires in (None, *MOMENTS):
            for trial in (None, *MOMENTS):
                for suspended, revoked in ((None, None), (NOW, None), (None, NOW), (NOW, NOW)):
                    if expires is not None and expires <= starts:
                        continue
                    rows.append(
                        License(
                            organization_id=environment.organization_id,
                            environment_id=environment.id,
                            customer_id=customer,
                            plan_id=plan,
                            plan_version=1,
                            starts_at=starts,
                            expires_at=expires,
                            trial_ends_at=trial,
                            suspended_at=suspended,
                            revoked_at=revoked,
                            created_at=NOW,
                        )
                    )
    rows += [billed(row, *billing) for row in rows if row.expires_at != NOW - DAY for billing in BILLINGS]
    return [*rows, *(crowded(row, end) for row in rows if row.trial_ends_at != NOW - DAY for end in (NOW, NOW + DAY))]


BILLINGS = (
    *(("pending", None), ("active", None), ("suspended", None), ("ended", None)),
    *(("grace", end) for end in MOMENTS),
)


def billed(row: License, state: str, grace_ends_at: datetime | None) -> License:
    """A row like it that a subscription drives."""
    copy = License(**{field.attname: getattr(row, field.attname) for field in License._meta.fields})
    copy.id = new_uuid()
    copy.managed_by, copy.billing_state, copy.grace_ends_at = "stripe", state, grace_ends_at
    return copy


def crowded(row: License, ends_at: datetime) -> License:
    """A row like it that has too few seats."""
    copy = License(**{field.attname: getattr(row, field.attname) for field in License._meta.fields})
    copy.id, copy.over_limit_since, copy.over_limit_ends_at = new_uuid(), NOW - DAY, ends_at
    return copy


def test_each_status_finds_what_has_it_and_nothing_else(place: Place) -> None:
    with tenant_transaction(place.environment.organization_id):
        License._base_manager.bulk_create(rows_of_every_kind(place))
        everything = list(License.objects.within(place.environment))
        for status in Status:
            found = set(with_status(License.objects.within(place.environment), status, NOW))
            assert found == {row for row in everything if row.standing(NOW).status is status}, status
    assert len(everything) > 500
