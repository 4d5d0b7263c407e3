"""Addresses of licensing's part of the management API, below /v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from licensing.api.catalogue import FeatureView, MeterView, ProductView
from licensing.api.customers import CustomerView
from licensing.api.keys import KeyView
from licensing.api.licenses import LicenseView
from licensing.api.plans import PlanView
from licensing.api.usage import UsageView

router = SimpleRouter(trailing_slash=False)
for view in (ProductView, FeatureView, MeterView, PlanView, CustomerView, LicenseView, KeyView):
    router.register(view.resource, view, basename=view.resource)

urlpatterns = [*router.urls, path("usage", UsageView.as_view({"get": "list"}), name="usage")]
