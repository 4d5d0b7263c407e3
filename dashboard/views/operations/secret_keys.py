"""Our own secret keys: the list, the page of one, issuing, changing and revoking."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms import ConfirmationForm
from dashboard.forms.operations import SecretKeyChangeForm, SecretKeyForm
from dashboard.once import Made
from dashboard.shown.operations import shown_secret_key
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.lists import page_of
from dashboard.views.operations.subjects import secret_key_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from tenants import clock
from tenants.actions.secret_keys import change_secret_key, issue_secret_key, revoke_secret_key
from tenants.models import SecretKey
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("secret_keys:read")
def secret_key_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    now = clock.now()
    with tenant_transaction(viewer.environment.organization_id):
        rows = SecretKey.objects.within(viewer.environment)
        page = page_of(request, rows, salt=f"secret_keys:{viewer.environment.id}")
    shown = [shown_secret_key(row, viewer.environment, now) for row in page.rows]
    return render(request, "operations/secret_keys/list.html", {"secret_keys": shown, "page": page})


@require_safe
@for_members("secret_keys:read")
def secret_key_page(request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = secret_key_of(viewer, row_id)
    shown = shown_secret_key(row, viewer.environment, clock.now())
    return render(request, "operations/secret_keys/secret_key.html", {"secret_key": shown})


@ASKED_AND_DONE
@for_members("secret_keys:write")
def new_secret_key(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return ask(
        request,
        viewer,
        SecretKeyForm(typed(request), offered=viewer.permissions),
        template="operations/secret_keys/new.html",
        action=issue_secret_key,
        done=partial(_shown_once, request, viewer),
        back=back_to(viewer, "Secret keys", "secret_keys"),
    )


def _shown_once(request: HttpRequest, viewer: Viewer, made: Made) -> HttpResponse:
    """The page with a new secret: the answer to its form, and to no other request."""
    row = secret_key_of(viewer, made.id)
    context = {"secret_key": shown_secret_key(row, viewer.environment, clock.now()), "secret": made.secret}
    response = render(request, "operations/secret_keys/issued.html", context, status=201)
    response["Cache-Control"] = "no-store"
    return response


@ASKED_AND_DONE
@for_members("secret_keys:write")
def secret_key_change(request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = secret_key_of(viewer, row_id)
    known = {name: getattr(row, name) for name in ("name", "scopes", "expires_at")}

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The secret key is changed. {told(made)}", "secret_key", row_id)

    return ask(
        request,
        viewer,
        SecretKeyChangeForm(typed(request), offered=row.scopes, initial=known),
        template="operations/secret_keys/change.html",
        action=partial(change_secret_key, row_id),
        done=done,
        seen=row,
        secret_key=row,
        back=back_to(viewer, row.name, "secret_key", row_id),
    )


@ASKED_AND_DONE
@for_members("secret_keys:write")
def secret_key_revocation(request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = secret_key_of(viewer, row_id)

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The secret key is revoked. {told(made)}", "secret_key", row_id)

    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template="operations/secret_keys/revocation.html",
        action=partial(revoke_secret_key, row_id),
        done=done,
        secret_key=shown_secret_key(row, viewer.environment, clock.now()),
        back=back_to(viewer, row.name, "secret_key", row_id),
    )
