"""Licenses of plans that count seats, and what was told of them."""

from typing import Any
from uuid import UUID

from tenants.models import AuditEntry
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.tenants.actions.chains import until_sequenced
from verify.ground.ids import decode, new


def row_id(public_id: str) -> UUID:
    found = decode(public_id.partition("_")[0], public_id)
    assert found
    return found


def seated_plan(place: Place, policy: str, **terms: Any) -> str:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    code = new("plan").lower()
    body = {"product": product, "code": code, "name": code, "seat_policy": policy, **terms}
    made: str = place.post("plans", body)["id"]
    return made


def seated(place: Place, policy: str, quantity: int, **terms: Any) -> str:
    """A license with so many seats."""
    plan = seated_plan(place, policy, **terms)
    made: str = place.post("licenses", {"customer": place.sample["customer"], "plan": plan, "quantity": quantity})["id"]
    return made


def license_of(place: Place, license: str) -> dict[str, Any]:
    shown: dict[str, Any] = place.api.get(f"/v1/licenses/{license}").json()
    return shown


def seats_and_taken(shown: dict[str, Any]) -> tuple[int, int]:
    return shown["over_limit"]["seats"], shown["over_limit"]["taken"]


def told(place: Place, license: str) -> list[str]:
    """The types of its events, each of which has its audit entry."""
    organization = place.environment.organization_id
    until_sequenced(organization)
    events = place.api.get("/v1/events", params={"subject": license}).json()["data"]
    with tenant_transaction(organization):
        entries = AuditEntry.objects.of_organization(organization).filter(subject_id=license).order_by("id")
        assert [entry.action.replace("plan_changed", "updated") for entry in entries] == [one["type"] for one in events]
    return [event["type"] for event in events]
