"""Addresses of health, of the OpenAPI document and its viewer, and of tenancy's part of the management API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tenants.api import documents, health
from tenants.api.audit_log import AuditLogView
from tenants.api.environments import EnvironmentView
from tenants.api.events import EventView
from tenants.api.invitations import InvitationView
from tenants.api.jobs import JobView
from tenants.api.members import MemberView
from tenants.api.secret_keys import SecretKeyView

router = SimpleRouter(trailing_slash=False)
for view in (SecretKeyView, EnvironmentView, EventView, JobView, AuditLogView, MemberView, InvitationView):
    router.register(view.resource, view, basename=view.resource)

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("openapi.json", documents.openapi, name="openapi"),
    path("docs", documents.docs, name="docs"),
    path("docs/<name>", documents.docs_part),
    path("v1/", include(router.urls)),
]
