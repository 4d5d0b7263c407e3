"""Revoking a key: on a page of its own, or in a dialog on the page of its license."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.forms import ReasonForm
from dashboard.once import Made
from dashboard.shown import shown_key, shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import key_of, license_of
from dashboard.views.lists import keys_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.keys import revoke_key
from licensing.queries import licenses
from tenants import clock
from tenants.tenancy import tenant_transaction


@ASKED_AND_DONE
@for_members("keys:write")
def key_revocation(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    now, row = clock.now(), key_of(viewer, key_id)
    return ask(
        request,
        viewer,
        ReasonForm(typed(request)),
        template="licensing/keys/holds/revocation.html",
        action=partial(revoke_key, key_id),
        done=partial(_revoked, request, viewer, now),
        key=shown_key(row, viewer.environment, now),
        back=back_to(viewer, row.license.customer.name, "license", row.license_id),
    )


def _revoked(request: HttpRequest, viewer: Viewer, now: datetime, made: Made) -> HttpResponse:
    """To htmx the license's keys anew and an announcement; after a plain form, or where a seat became free, and more
    than keys may look otherwise, back to the license.
    """
    key = key_of(viewer, made.id)
    message = f"The key {shown_key(key, viewer.environment, now).masked} is revoked. {told(made)}"
    if not request.headers.get("HX-Request"):
        return settled(request, viewer, message, "license", key.license_id)
    license = license_of(viewer, key.license_id, now)
    with tenant_transaction(viewer.environment.organization_id):
        counts_seats = licenses.seats_of(license, viewer.environment, now).are_counted
        context = keys_of(request, viewer, license, now)
    if counts_seats:
        whole = settled(request, viewer, message, "license", license.id)
        return HttpResponse(headers={"HX-Redirect": whole.headers["Location"]})
    context |= {"license": shown_license(license, now), "form": ReasonForm(), "announced": message}
    return render(request, "licensing/licenses/license.html#keys", context)
