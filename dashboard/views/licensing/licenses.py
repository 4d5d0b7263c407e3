"""The list of licenses, the page of one, and issuing one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import commands
from dashboard.forms import ReasonForm
from dashboard.forms.filters import LicenseFilter
from dashboard.forms.licenses import NewLicenseForm
from dashboard.once import Made
from dashboard.shown import shown_license
from dashboard.shown.terms import in_words
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import finder, license_of, suggestions
from dashboard.views.lists import keys_of, page_of
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.licenses import issue_license
from licensing.queries import customers, licenses, plans
from tenants import clock
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("licenses:read")
def license_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    now = clock.now()
    sought = LicenseFilter(request.GET, within=viewer.environment, now=now)
    with tenant_transaction(viewer.environment.organization_id):
        found = sought.narrow(licenses.with_details(viewer.environment, now))
        page = page_of(request, found, salt=f"licenses:{viewer.environment.id}")
    rows = [shown_license(row, now) for row in page.rows]
    context = {"licenses": rows, "page": page, "filter": sought, "command": commands.issue_license()}
    return render(request, "licensing/licenses/list.html", context)


@require_safe
@for_members("licenses:read")
def license_page(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    row = license_of(viewer, license_id, now)
    with tenant_transaction(viewer.environment.organization_id):
        keys = keys_of(request, viewer, row, now)
        terms = licenses.granted(row, viewer.environment)
        seats = licenses.seats_of(row, viewer.environment, now)
    context = {"license": shown_license(row, now), "terms": in_words(terms, own=row.overrides), "form": ReasonForm()}
    return render(request, "licensing/licenses/license.html", context | keys | {"seats": seats})


@ASKED_AND_DONE
@for_members("licenses:write")
def new_license(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    form = NewLicenseForm(
        typed(request),
        customer=finder(viewer, customers.named),
        plan=finder(viewer, plans.named),
        initial={name: request.GET.get(name, "") for name in ("customer", "plan")},
    )

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, "The license is issued.", "license", made.id)

    return ask(
        request,
        viewer,
        form,
        template="licensing/licenses/new.html",
        action=issue_license,
        done=done,
        back=back_to(viewer, "Licenses", "licenses"),
        **suggestions(viewer),
    )
