"""Creating and revoking keys. A new key's secret is in the answer to its form and nowhere else, ever."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dashboard import commands
from dashboard.forms import ReasonForm
from dashboard.forms.keys import KeyForm
from dashboard.once import Made
from dashboard.shown import shown_key, shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, typed
from dashboard.views.licensing.subjects import key_of, license_of
from dashboard.views.lists import keys_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.keys import issue_key, revoke_key
from licensing.queries import licenses
from tenants import clock
from tenants.tenancy import tenant_transaction


@ASKED_AND_DONE
@for_members("keys:write")
def new_key(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    license = license_of(viewer, license_id, now)
    with tenant_transaction(viewer.environment.organization_id):
        scopes = licenses.granted_scopes(license, viewer.environment)
    context = {
        "license": shown_license(license, now),
        "back": back_to(viewer, license.customer.name, "license", license_id),
    }
    return ask(
        request,
        viewer,
        KeyForm(typed(request), granted=scopes),
        template="licensing/keys/new.html",
        action=partial(issue_key, license=license_id),
        done=partial(shown_once, request, viewer),
        context=context,
    )


def shown_once(request: HttpRequest, viewer: Viewer, made: Made) -> HttpResponse:
    """The page with a new key's secret: the answer to its form, and to no other request."""
    context = {
        "key": shown_key(key_of(viewer, made.id), viewer.environment, clock.now()),
        "secret": made.secret,
        "command": commands.verify(made.secret),
    }
    response = render(request, "licensing/keys/created.html", context, status=201)
    response["Cache-Control"] = "no-store"
    return response


@ASKED_AND_DONE
@for_members("keys:write")
def key_revocation(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    now, row = clock.now(), key_of(viewer, key_id)
    context = {
        "key": shown_key(row, viewer.environment, now),
        "back": back_to(viewer, row.license.customer.name, "license", row.license_id),
    }
    return ask(
        request,
        viewer,
        ReasonForm(typed(request)),
        template="licensing/keys/revocation.html",
        action=partial(revoke_key, key_id),
        done=partial(_revoked, request, viewer, now),
        context=context,
    )


def _revoked(request: HttpRequest, viewer: Viewer, now: datetime, made: Made) -> HttpResponse:
    """To htmx the license's keys anew and an announcement; after a plain form, back to the license."""
    key = key_of(viewer, made.id)
    message = f"The key {shown_key(key, viewer.environment, now).masked} is revoked. {told(made)}"
    if not request.headers.get("HX-Request"):
        messages.success(request, message)
        return redirect("license", viewer.environment.id, key.license_id)
    license = license_of(viewer, key.license_id, now)
    with tenant_transaction(viewer.environment.organization_id):
        context = keys_of(request, viewer, license, now)
    context |= {"license": shown_license(license, now), "form": ReasonForm(), "announced": message}
    return render(request, "licensing/licenses/license.html#keys", context)
