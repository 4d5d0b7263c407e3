"""Where a visit begins: the licenses of the oldest `test` environment."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.views.viewer import environments_of, to_sign_in
from tenants.models import Environment, User
from tenants.queries.lookup import memberships


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return to_sign_in(request)
    found = memberships(request.user.pk)
    if not found:
        return render(request, "account/no_membership.html")
    return redirect("licenses", _first_environment(found[0].organization_id).id)


@require_safe
def organization(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Another organization of the same person."""
    if not isinstance(request.user, User):
        return to_sign_in(request)
    if organization_id not in {membership.organization_id for membership in memberships(request.user.pk)}:
        raise Http404
    return redirect("licenses", _first_environment(organization_id).id)


def _first_environment(organization_id: UUID) -> Environment:
    """The oldest test environment; every organization is made with one."""
    return next(row for row in environments_of(organization_id) if row.kind == "test")
