"""Every address of the control plane, by the app that answers it."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tenants.api.urls")),
    path("v1/", include("licensing.api.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("dashboard.urls")),
]

handler400 = "tenants.http.problems.bad_request"
handler404 = "tenants.http.problems.page_not_found"
handler500 = "tenants.http.problems.server_error"
