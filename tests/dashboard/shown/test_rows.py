"""Rows as pages show them."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.shown import shown_key, shown_license
from licensing.queries import keys, licenses
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.places import Place
from verify.ground.ids import decode


def test_a_list_of_licenses_is_one_query_however_long(place: Place) -> None:
    for _ in range(3):
        place.post("licenses", {"customer": place.sample["customer"], "plan": place.sample["plan"]})
    now = clock.now()
    with tenant_transaction(place.environment.organization_id), CaptureQueriesContext(connection) as asked:
        rows: list[Any] = [
            shown_license(row, now) for row in licenses.with_details(place.environment, now).order_by("id")
        ]
        shown = [(each.row.customer.name, each.row.plan.code, each.version, each.row.active_keys) for each in rows]
    assert shown == [("Sample customer", "starter", 1, 1)] + [("Sample customer", "starter", 1, 0)] * 3
    assert len(asked) == 1


def test_a_key_in_force_is_one_whose_status_is_active(place: Place) -> None:
    now, license_id = clock.now(), decode("lic", place.sample["license"])
    assert license_id is not None
    gone = place.post("keys", {"license": place.sample["license"]})["id"]
    place.post(f"keys/{gone}/revocation", status=200)
    ends = (now + timedelta(hours=1)).isoformat()
    place.post("keys", {"license": place.sample["license"], "expires_at": ends})
    later = now + timedelta(hours=1)
    with tenant_transaction(place.environment.organization_id):
        rows = list(keys.of_license(license_id, place.environment).order_by("id"))
        for moment in (now, later):
            active = {row.id for row in rows if row.status(moment) == "active"}
            found = keys.in_force(keys.of_license(license_id, place.environment), moment)
            assert set(found.values_list("id", flat=True)) == active


def test_a_key_is_masked_but_for_its_last_four(place: Place) -> None:
    key_id = decode("key", place.sample["key"])
    assert key_id is not None
    with tenant_transaction(place.environment.organization_id):
        row = keys.found(key_id, place.environment)
    assert row is not None
    secret = place.sample["key_secret"]
    assert shown_key(row, place.environment, clock.now()).masked == f"demo_test_…{secret[-4:]}"
