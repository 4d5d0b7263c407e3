"""Creating and revoking keys. A new key's secret is in the answer to its form and nowhere else, ever."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard import commands
from dashboard.forms import ReasonForm, tell
from dashboard.forms.keys import KeyForm
from dashboard.shown import shown_key, shown_license
from dashboard.views.lists import keys_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.keys import issue_key, revoke_key
from licensing.models import Key
from licensing.queries import keys, licenses
from tenants import clock
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction

ASKED_AND_DONE = require_http_methods(["GET", "HEAD", "POST"])


@ASKED_AND_DONE
@for_members("keys:write")
def new_key(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now, status = clock.now(), 200
    with tenant_transaction(viewer.environment.organization_id):
        license = licenses.found(license_id, viewer.environment, now)
        if license is None:
            raise Http404
        scopes = licenses.granted_scopes(license, viewer.environment)
    form = KeyForm(request.POST if request.method == "POST" else None, granted=scopes)
    if form.is_valid():
        try:
            key, secret = issue_key(
                within=viewer.environment, by=viewer.actor, now=now, license=license_id, **form.asked()
            )
        except Refusal as refusal:
            status = tell(form, refusal)
        else:
            return _shown_once(request, viewer, key, secret, now)
    context = {"license": shown_license(license, now), "form": form}
    return render(request, "licensing/keys/new.html", context, status=status)


def _shown_once(request: HttpRequest, viewer: Viewer, key: Key, secret: str, now: datetime) -> HttpResponse:
    context = {
        "key": shown_key(key, viewer.environment, now),
        "secret": secret,
        "command": commands.verify(secret),
    }
    response = render(request, "licensing/keys/created.html", context, status=201)
    response["Cache-Control"] = "no-store"
    return response


@ASKED_AND_DONE
@for_members("keys:write")
def key_revocation(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    now, status = clock.now(), 200
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            key = revoke_key(key_id, within=viewer.environment, by=viewer.actor, now=now, **form.cleaned_data)
        except Refusal as refusal:
            status = tell(form, refusal)
        else:
            return _revoked(request, viewer, key, now)
    with tenant_transaction(viewer.environment.organization_id):
        row = keys.found(key_id, viewer.environment)
    if row is None:
        raise Http404
    context = {"key": shown_key(row, viewer.environment, now), "form": form}
    return render(request, "licensing/keys/revocation.html", context, status=status)


def _revoked(request: HttpRequest, viewer: Viewer, key: Key, now: datetime) -> HttpResponse:
    """To htmx the license's keys anew and an announcement; after a plain form, back to the license."""
    message = f"The key {shown_key(key, viewer.environment, now).masked} is revoked. {told(key)}"
    if not request.headers.get("HX-Request"):
        messages.success(request, message)
        return redirect("license", viewer.environment.id, key.license_id)
    with tenant_transaction(viewer.environment.organization_id):
        license = licenses.found(key.license_id, viewer.environment, now)
        if license is None:
            raise Http404
        context = {"license": shown_license(license, now), "form": ReasonForm(), "announced": message}
        context |= keys_of(request, viewer, license, now)
    return render(request, "licensing/licenses/license.html#keys", context)
