"""What an address is about: the row it names, or the 404 that is the same for a missing one and another tenant's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import Http404

from dashboard.forms.granting import Catalogue
from dashboard.views.viewer import Viewer
from licensing.models import Customer, Feature, Key, License, Plan
from licensing.queries import keys, licenses, plans
from licensing.queries.catalogue import meters_of
from licensing.rules.limits import COUNTABLE
from tenants.models import Environment
from tenants.models.kept import Kept
from tenants.tenancy import tenant_transaction

MOST_SUGGESTED = 100

K = TypeVar("K", bound=Kept)


def license_of(viewer: Viewer, license_id: UUID, now: datetime) -> License:
    with tenant_transaction(viewer.environment.organization_id):
        row = licenses.found(license_id, viewer.environment, now)
    if row is None:
        raise Http404
    return row


def key_of(viewer: Viewer, key_id: UUID) -> Key:
    """With its license and the license's customer."""
    with tenant_transaction(viewer.environment.organization_id):
        row = keys.found(key_id, viewer.environment)
    if row is None:
        raise Http404
    return row


def customer_of(viewer: Viewer, customer_id: UUID) -> Customer:
    with tenant_transaction(viewer.environment.organization_id):
        row: Customer | None = Customer.objects.within(viewer.environment).filter(pk=customer_id).first()
    if row is None:
        raise Http404
    return row


def plan_of(viewer: Viewer, plan_id: UUID) -> Plan:
    """With its product, and how many licenses it has."""
    with tenant_transaction(viewer.environment.organization_id):
        row = plans.with_details(viewer.environment).filter(pk=plan_id).first()
    if row is None:
        raise Http404
    return row


def catalogue_of(viewer: Viewer) -> Catalogue:
    """What terms may refer to, in the order of its codes."""
    with tenant_transaction(viewer.environment.organization_id):
        features = list(Feature.objects.within(viewer.environment).order_by("code"))
        meters = sorted(code for code, kind in meters_of(viewer.environment).items() if kind in COUNTABLE)
    return Catalogue(features, meters)


def finder(viewer: Viewer, named: Callable[[str, Environment], K | None]) -> Callable[[str], K | None]:
    """Finds by what is typed, among what the viewer may know of."""

    def find(text: str) -> K | None:
        with tenant_transaction(viewer.environment.organization_id):
            return named(text, viewer.environment)

    return find


def suggestions(viewer: Viewer) -> dict[str, Any]:
    """The newest customers and plans, to choose from while typing."""
    with tenant_transaction(viewer.environment.organization_id):
        customers = list(Customer.objects.within(viewer.environment).order_by("-id")[:MOST_SUGGESTED])
        known = list(Plan.objects.within(viewer.environment).order_by("-id")[:MOST_SUGGESTED])
    return {"customers": customers, "plans": known}
