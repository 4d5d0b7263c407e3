"""Addresses of health, of the OpenAPI document, and of tenancy's part of the management API."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter

from tenants.api import health
from tenants.api.secret_keys import SecretKeyView

router = SimpleRouter(trailing_slash=False)
router.register("secret_keys", SecretKeyView, basename="secret_keys")

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("v1/", include(router.urls)),
]
