"""The person's own page: who they are here, and the way to their password, second factors and sessions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.views.viewer import to_sign_in
from tenants.models import User
from tenants.queries.lookup import memberships


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return to_sign_in(request)
    return render(request, "account/overview.html", {"memberships": memberships(request.user.pk)})
