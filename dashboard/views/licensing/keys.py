"""The page of a key, creating and rotating keys. A secret is in the answer to its form and nowhere else, ever."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import commands
from dashboard.forms.keys import ImportForm, KeyChangeForm, KeyForm, RotationForm
from dashboard.once import Made
from dashboard.shown import shown_key, shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import key_of, license_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.importing import import_keys
from licensing.actions.keys import change_key, issue_key, rotate_key
from licensing.queries import keys, licenses
from tenants import clock
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("keys:read")
def key_page(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    row = key_of(viewer, key_id)
    with tenant_transaction(viewer.environment.organization_id):
        successor = keys.successor(row, viewer.environment)
    context = {"key": shown_key(row, viewer.environment, clock.now()), "successor": successor}
    return render(request, "licensing/keys/key.html", context)


@ASKED_AND_DONE
@for_members("keys:write")
def new_key(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    license = license_of(viewer, license_id, now)
    with tenant_transaction(viewer.environment.organization_id):
        scopes = licenses.granted_scopes(license, viewer.environment)
    return ask(
        request,
        viewer,
        KeyForm(typed(request), granted=scopes),
        template="licensing/keys/new.html",
        action=partial(issue_key, license=license_id),
        done=partial(_shown_once, request, viewer),
        license=shown_license(license, now),
        back=back_to(viewer, license.customer.name, "license", license_id),
    )


@ASKED_AND_DONE
@for_members("keys:write")
def key_rotation(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    key = shown_key(key_of(viewer, key_id), viewer.environment, clock.now())
    return ask(
        request,
        viewer,
        RotationForm(typed(request)),
        template="licensing/keys/rotation.html",
        action=partial(rotate_key, key_id),
        done=partial(_shown_once, request, viewer),
        key=key,
        back=back_to(viewer, key.row.name or key.masked, "key", key_id),
    )


def _shown_once(request: HttpRequest, viewer: Viewer, made: Made) -> HttpResponse:
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
def key_change(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    row = key_of(viewer, key_id)
    license = license_of(viewer, row.license_id, clock.now())
    with tenant_transaction(viewer.environment.organization_id):
        scopes = licenses.granted_scopes(license, viewer.environment)
    known = {name: getattr(row, name) for name in KeyChangeForm.base_fields if hasattr(row, name)}
    key = shown_key(row, viewer.environment, clock.now())

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The key is changed. {told(made)}", "key", key_id)

    return ask(
        request,
        viewer,
        KeyChangeForm(typed(request), initial=known, granted=scopes),
        template="licensing/keys/change.html",
        action=partial(change_key, key_id),
        done=done,
        key=key,
        back=back_to(viewer, row.name or key.masked, "key", key_id),
        seen=row,
    )


@ASKED_AND_DONE
@for_members("keys:write")
def key_import(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    license = license_of(viewer, license_id, now)

    def done(made: Made) -> HttpResponse:
        number = "1 key is" if len(made.ids) == 1 else f"{len(made.ids):,} keys are"
        return settled(request, viewer, f"{number} imported. {told(made)}", "license", license_id)

    return ask(
        request,
        viewer,
        ImportForm(typed(request), license_id=license_id),
        template="licensing/keys/import.html",
        action=import_keys,
        done=done,
        license=shown_license(license, now),
        back=back_to(viewer, license.customer.name, "license", license_id),
    )
