"""Changing a license: its end, quantity and metadata, what it has of its own, its renewal, and its plan."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dashboard.forms.licenses import LicenseForm, OverridesForm, PlanOfLicenseForm, RenewalForm
from dashboard.once import Made
from dashboard.shown import shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import catalogue_of, finder, license_of, suggestions
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.licenses import change_license, change_plan_of_license, renew_license
from licensing.models import License
from licensing.queries import licenses, plans
from tenants import clock
from tenants.tenancy import tenant_transaction


@ASKED_AND_DONE
@for_members("licenses:write")
def license_change(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    row = license_of(viewer, license_id, clock.now())
    known = {name: getattr(row, name) for name in LicenseForm.base_fields}
    return ask(
        request,
        viewer,
        LicenseForm(typed(request), initial=known),
        template="licensing/licenses/change.html",
        action=partial(change_license, license_id),
        done=partial(_settled, request, viewer, "The license is changed."),
        **_about(viewer, row),
        seen=row,
    )


@ASKED_AND_DONE
@for_members("licenses:write")
def license_overrides(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    row = license_of(viewer, license_id, clock.now())
    with tenant_transaction(viewer.environment.organization_id):
        granted = licenses.granted(row, viewer.environment)
    return ask(
        request,
        viewer,
        OverridesForm(typed(request), catalogue=catalogue_of(viewer), license=row, granted=granted),
        template="licensing/licenses/overrides.html",
        action=partial(change_license, license_id),
        done=partial(_settled, request, viewer, "The license is changed."),
        **_about(viewer, row),
        seen=row,
    )


@ASKED_AND_DONE
@for_members("licenses:write")
def license_renewal(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    row = license_of(viewer, license_id, clock.now())
    with tenant_transaction(viewer.environment.organization_id):
        days = licenses.granted(row, viewer.environment)["duration_days"]
    return ask(
        request,
        viewer,
        RenewalForm(typed(request)),
        template="licensing/licenses/renewal.html",
        action=partial(renew_license, license_id),
        done=partial(_settled, request, viewer, "The license is renewed."),
        days=days,
        **_about(viewer, row),
        seen=row,
    )


@ASKED_AND_DONE
@for_members("licenses:write")
def license_plan(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    row = license_of(viewer, license_id, clock.now())
    return ask(
        request,
        viewer,
        PlanOfLicenseForm(typed(request), plan=finder(viewer, plans.named)),
        template="licensing/licenses/plan.html",
        action=partial(change_plan_of_license, license_id),
        done=partial(_settled, request, viewer, "The license has another plan."),
        **_about(viewer, row),
        **suggestions(viewer),
        seen=row,
    )


def _about(viewer: Viewer, row: License) -> dict[str, Any]:
    back = back_to(viewer, row.customer.name, "license", row.id)
    return {"license": shown_license(row, clock.now()), "back": back}


def _settled(request: HttpRequest, viewer: Viewer, sentence: str, made: Made) -> HttpResponse:
    return settled(request, viewer, f"{sentence} {told(made)}", "license", made.id)
