"""The organization's environments: the list, making one, changing one."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.forms.operations import EnvironmentChangeForm, EnvironmentForm
from dashboard.once import Made
from dashboard.views.asking import ASKED_AND_DONE, Back, ask, typed
from dashboard.views.operations.subjects import environment_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_organization
from licensing.queries.unknown_keys import unknown_since
from tenants import clock
from tenants.actions.environments import change_environment, create_environment
from tenants.tenancy import tenant_transaction


@require_safe
@for_organization("organization:read")
def environment_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    organization_id = viewer.membership.organization_id
    with tenant_transaction(organization_id):
        unknown = unknown_since(organization_id, clock.now() - timedelta(days=1))
    rows = [(environment, unknown.get(environment.id, 0)) for environment in viewer.environments]
    return render(request, "operations/environments/list.html", {"rows": rows})


@ASKED_AND_DONE
@for_organization("organization:write")
def new_environment(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    def done(made: Made) -> HttpResponse:
        """A secret key issues only keys of its own environment, so the first one comes from here."""
        messages.success(request, "The environment is created. Its first secret key is made here.")
        return redirect("secret_keys", made.id)

    return ask(
        request,
        viewer,
        EnvironmentForm(typed(request)),
        template="operations/environments/new.html",
        action=create_environment,
        done=done,
        back=_back(viewer),
    )


@ASKED_AND_DONE
@for_organization("organization:write")
def environment_change(request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = environment_of(viewer, row_id)
    known = {name: getattr(row, name) for name in EnvironmentChangeForm.base_fields}

    def done(made: Made) -> HttpResponse:
        messages.success(request, f"The environment is changed. {told(made)}")
        return redirect("environments", viewer.membership.organization_id)

    return ask(
        request,
        viewer,
        EnvironmentChangeForm(typed(request), initial=known),
        template="operations/environments/change.html",
        action=partial(change_environment, row_id),
        done=done,
        seen=row,
        changed=row,
        back=_back(viewer),
    )


def _back(viewer: Viewer) -> Back:
    return Back(reverse("environments", args=[viewer.membership.organization_id]), "Environments")
