"""What one transaction writes is told at once, and nothing that was taken back."""

from uuid import UUID

import pytest
from django.db import transaction

from licensing.models import Customer
from tenants import clock
from tenants.models import OutboxEntry
from tenants.publishing import outbox
from tenants.tenancy import tenant_transaction
from tests.places import Place


def test_a_transaction_is_told_once_with_all_that_it_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[UUID]] = []
    monkeypatch.setattr(outbox, "publish_after_commit", told.append)
    now, organization = clock.now(), place.environment.organization_id
    with tenant_transaction(organization):
        outbox.insert_and_tell(_customer(place, "one"), now=now)
        transaction.set_rollback(True)
    kept = _customer(place, "two"), _customer(place, "four")
    with tenant_transaction(organization):
        outbox.insert_and_tell(kept[0], now=now)
        with transaction.atomic():
            outbox.insert_and_tell(_customer(place, "three"), now=now)
            transaction.set_rollback(True)
        outbox.insert_and_tell(kept[1], now=now)
        assert told == []
    (entries,) = told
    rows = OutboxEntry.objects.across_tenants().filter(pk__in=entries)
    assert {row.subject_id for row in rows} == {customer.pk for customer in kept}


def _customer(place: Place, name: str) -> Customer:
    within = place.environment
    return Customer(organization_id=within.organization_id, environment_id=within.id, name=name, created_at=clock.now())
