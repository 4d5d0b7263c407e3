"""The audit log only grows, and a change without its entry does not happen."""

import os

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection

from licensing.actions.customers import create_customer
from licensing.models import Customer
from tenants import clock
from tenants.models import AuditEntry
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.places import Place


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
def test_the_application_may_not_alter_it(place: Place, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenant_transaction(place.environment.organization_id),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
def test_not_even_its_owner_can_alter_it(place: Place, statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(f"SET LOCAL app.organization TO '{place.environment.organization_id}'")
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
            owner.execute(statement)


def test_no_entry_no_change(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that the database refuses takes the whole change with it."""

    def refuse(entry: AuditEntry) -> None:
        entry.action = None  # type: ignore[assignment]  # the database wants one
        entry.save(force_insert=True)

    monkeypatch.setattr(AuditEntry, "insert", refuse)
    with pytest.raises(IntegrityError):
        create_customer(within=place.environment, by=system(), now=clock.now(), name="Never", external_id="never")
    with tenant_transaction(place.environment.organization_id):
        assert not Customer.objects.within(place.environment).filter(external_id="never").exists()
