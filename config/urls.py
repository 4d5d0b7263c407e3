"""Every address of the control plane, by the app that answers it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path


def closed(request: HttpRequest) -> HttpResponse:
    """An address of allauth's that is not offered here."""
    raise Http404(request.path)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tenants.api.urls")),
    path("v1/", include("licensing.api.urls")),
    path("", include("billing.api.urls")),
    path("accounts/email/", closed),  # nobody changes the address they were invited by
    path("accounts/signup/", closed),  # nobody signs up by themselves
    path("accounts/", include("allauth.urls")),
    path("", include("dashboard.urls")),
]

handler400 = "tenants.http.problems.bad_request"
handler404 = "tenants.http.problems.page_not_found"
handler500 = "tenants.http.problems.server_error"
