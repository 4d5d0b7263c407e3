"""Work that outlasts its request: the list, and the page of one, which shows itself anew until the job has ended."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms.operations import JobFilter
from dashboard.shown.operations import shown_job
from dashboard.views.lists import page_of
from dashboard.views.operations.subjects import job_of
from dashboard.views.viewer import Viewer, for_members
from tenants.models import Job
from tenants.queries.jobs import PERMISSION, shown_to
from tenants.tenancy import tenant_transaction


@require_safe
@for_members(PERMISSION)
def job_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    sought = JobFilter(request.GET)
    with tenant_transaction(viewer.environment.organization_id):
        rows = sought.narrow(shown_to(viewer.actor, Job.objects.within(viewer.environment)))
        page = page_of(request, rows, salt=f"jobs:{viewer.environment.id}")
    context = {"jobs": [shown_job(row) for row in page.rows], "page": page, "filter": sought}
    return render(request, "operations/jobs/list.html", context)


@require_safe
@for_members(PERMISSION)
def job_page(request: HttpRequest, viewer: Viewer, job_id: UUID) -> HttpResponse:
    """To htmx how far it has come, alone."""
    template = "operations/jobs/job.html" + ("#state" if request.headers.get("HX-Request") else "")
    return render(request, template, {"job": shown_job(job_of(viewer, job_id))})
