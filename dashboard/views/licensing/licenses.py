"""The list of licenses, and the page of one."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import commands
from dashboard.forms import ReasonForm
from dashboard.shown import shown_license
from dashboard.views.lists import keys_of, page_of
from dashboard.views.viewer import Viewer, for_members
from licensing.queries import licenses
from tenants import clock
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("licenses:read")
def license_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    now = clock.now()
    with tenant_transaction(viewer.environment.organization_id):
        found = licenses.with_details(viewer.environment, now)
        page = page_of(request, found, salt=f"licenses:{viewer.environment.id}")
    rows = [shown_license(row, now) for row in page.rows]
    context = {"licenses": rows, "page": page, "command": commands.issue_license()}
    return render(request, "licensing/licenses/list.html", context)


@require_safe
@for_members("licenses:read")
def license_page(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    with tenant_transaction(viewer.environment.organization_id):
        row = licenses.found(license_id, viewer.environment, now)
        if row is None:
            raise Http404
        keys = keys_of(request, viewer, row, now)
    context = {"license": shown_license(row, now), "form": ReasonForm(), **keys}
    return render(request, "licensing/licenses/license.html", context)
