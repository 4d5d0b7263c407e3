"""How the installation stands, part by part: for owners and admins, shown anew every few seconds.

It is about the whole installation, whoever's calls it carries: so it shows no tenant's data, and no host, address or
process id, which are the operator's alone (`manage.py system_status` tells them). Who may only look at an organization
(developer, billing, viewer) can mend none of it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.shown.system_status import shown_node
from dashboard.views.viewer import Viewer, for_organization
from licensing.queries.status.whole import system_status
from tenants import clock


@require_safe
@for_organization("organization:write")
def system_status_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:  # noqa: ARG001 - the same for all
    """To htmx what has changed, alone."""
    status = system_status(now := clock.now())
    shown = None if status.nodes is None else [shown_node(one, now) for one in status.nodes]
    template = "operations/system_status/page.html" + ("#parts" if request.headers.get("HX-Request") else "")
    return render(request, template, {"status": status, "nodes": shown, "now": now})
