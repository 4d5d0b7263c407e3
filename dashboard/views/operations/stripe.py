"""The connection with Stripe: how it stands, connecting, another key or secret, looking again, ending it.

Stripe is asked before the form's own act, as that is one transaction (billing.actions.preparing).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.actions import connections, preparing
from billing.actions.resyncing import resync
from billing.queries.connections import in_force, state_of
from dashboard.forms import ConfirmationForm
from dashboard.forms.operations import StripeChangeForm, StripeConnectForm
from dashboard.forms.telling import ActForm, tell
from dashboard.once import Made, done_before
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.viewer import Viewer, for_members
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("stripe_connection:read")
def stripe_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        row = in_force(viewer.environment)
        state = None if row is None else state_of(row, viewer.environment)
    address = preparing.webhook_url(row.id) if row else ""
    context = {"connection": row, "state": state, "webhook_url": address}
    return render(request, "operations/stripe/connection.html", context)


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_connecting(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    form = StripeConnectForm(typed(request))

    def prepared() -> Callable[..., Any]:
        given = form.asked()
        ready = preparing.prepare(within=viewer.environment, **given)
        return partial(_without_key, connections.connect, prepared=ready)

    return _ask(request, viewer, form, prepared, "connecting", "Connected. Subscriptions are being looked through.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_change(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        row = in_force(viewer.environment)
    if row is None:
        raise Http404
    form = StripeChangeForm(typed(request), present=row.policy)

    def prepared() -> Callable[..., Any]:
        ready = preparing.prepare_change(within=viewer.environment, **form.asked())
        return partial(_without_key, connections.change_connection, prepared=ready)

    return _ask(request, viewer, form, prepared, "change", "The connection is changed.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_ending(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    def prepared() -> Callable[..., Any]:
        with tenant_transaction(viewer.environment.organization_id):
            row = in_force(viewer.environment)
        if row is not None:
            preparing.remove_endpoint_of(row)
        return connections.disconnect

    form = ConfirmationForm(typed(request))
    return _ask(request, viewer, form, prepared, "ending", "The connection is ended. Licenses stay as they are.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_resync(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    form = ConfirmationForm(typed(request))
    return _ask(request, viewer, form, lambda: resync, "resync", "Every customer is being looked at again.")


def _ask(
    request: HttpRequest,
    viewer: Viewer,
    form: ActForm,
    prepared: Callable[[], Callable[..., Any]],
    page: str,
    sentence: str,
) -> HttpResponse:
    """`prepared` asks Stripe and gives the act. Raises Http404."""
    template, back = f"operations/stripe/{page}.html", back_to(viewer, "Stripe", "stripe")
    action: Callable[..., Any] = _without_key

    def done(_: Made) -> HttpResponse:
        return settled(request, viewer, sentence, "stripe")

    if form.is_valid():
        if before := done_before(request, viewer):
            return done(before)
        try:
            action = prepared()
        except Refusal as refusal:
            status = tell(form, refusal)
            return render(request, template, {"form": form, "back": back}, status=status)
    return ask(request, viewer, form, template=template, action=action, done=done, back=back)


def _without_key(action: Callable[..., Any], *, api_key: str = "", **given: Any) -> Any:  # noqa: ARG001 - it is in `prepared`
    return action(**given)
