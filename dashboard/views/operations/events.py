"""What happened in the environment, newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms.operations import EventFilter
from dashboard.shown.operations import shown_event
from dashboard.views.lists import page_of
from dashboard.views.viewer import Viewer, for_members
from tenants.models import Event
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("events:read")
def event_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    sought = EventFilter(request.GET)
    with tenant_transaction(viewer.environment.organization_id):
        rows = sought.narrow(Event.objects.within(viewer.environment).filter(position__isnull=False))
        page = page_of(request, rows, salt=f"newest_events:{viewer.environment.id}", order="-position")
    context = {"events": [shown_event(row, viewer) for row in page.rows], "page": page, "filter": sought}
    return render(request, "operations/events/list.html", context)
