"""Who changed what in the organization: the list, one entry, and the proof that nothing was altered."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.forms import ConfirmationForm
from dashboard.forms.operations import AuditFilter
from dashboard.once import Made
from dashboard.shown.operations import shown_entries
from dashboard.views.asking import ASKED_AND_DONE, Back, ask, typed
from dashboard.views.lists import page_of
from dashboard.views.operations.subjects import entry_of
from dashboard.views.viewer import Viewer, for_organization
from tenants.actions.audit_verification import ask_for_verification
from tenants.models import AuditEntry, Member
from tenants.queries.audit_chain import with_links
from tenants.tenancy import tenant_transaction


@require_safe
@for_organization("organization:read")
def entry_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    organization_id = viewer.membership.organization_id
    sought = AuditFilter(request.GET, actor=partial(_actor, organization_id))
    with tenant_transaction(organization_id):
        rows = sought.narrow(AuditEntry.objects.of_organization(organization_id))
        page = page_of(request, rows, salt=f"audit_log:{organization_id}")
        with_links(page.rows)
    context = {"entries": shown_entries(page.rows, viewer), "page": page, "filter": sought}
    return render(request, "operations/audit_log/list.html", context)


def _actor(organization_id: UUID, typed: str) -> str:
    """The id of the member with this address; anything else is an id itself."""
    members = Member.objects.of_organization(organization_id)
    found = members.filter(user__email__iexact=typed).first() if "@" in typed else None
    return found.public_id if found else typed


@require_safe
@for_organization("organization:read")
def entry_page(request: HttpRequest, viewer: Viewer, entry_id: UUID) -> HttpResponse:
    (entry,) = shown_entries([entry_of(viewer, entry_id)], viewer)
    return render(request, "operations/audit_log/entry.html", {"entry": entry})


@ASKED_AND_DONE
@for_organization("organization:write")
def verification(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    def done(made: Made) -> HttpResponse:
        return redirect("job", viewer.environment.id, made.id)

    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template="operations/audit_log/verification.html",
        action=ask_for_verification,
        done=done,
        back=Back(reverse("audit_log", args=[viewer.membership.organization_id]), "Audit log"),
    )
