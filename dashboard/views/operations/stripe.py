"""The connection with Stripe: how it stands, connecting, another key or secret, looking again, ending it.

Stripe is asked before the form's own act, as that is one transaction (billing.actions.preparing).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
from dashboard.forms.telling import ActForm
from dashboard.once import done_before, once
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, told, typed
from dashboard.views.viewer import Viewer, for_members
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction

Prepared = Callable[[], AbstractContextManager[Callable[..., Any]]]


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

    @contextmanager
    def prepared() -> Iterator[Callable[..., Any]]:
        given = form.asked()
        ready = preparing.prepare(within=viewer.environment, **given)
        given.pop("api_key")
        with preparing.forgotten_if_refused(ready):
            yield partial(connections.connect, prepared=ready, **given)

    return _ask(request, viewer, form, prepared, "connecting", "Connected. Subscriptions are being looked through.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_change(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        row = in_force(viewer.environment)
    if row is None:
        raise Http404
    form = StripeChangeForm(typed(request), present=row.policy)

    @contextmanager
    def prepared() -> Iterator[Callable[..., Any]]:
        given = form.asked()
        ready = preparing.prepare_change(within=viewer.environment, **given)
        given.pop("api_key", None)
        with preparing.forgotten_if_refused(ready):
            yield partial(connections.change_connection, prepared=ready, **given)

    return _ask(request, viewer, form, prepared, "change", "The connection is changed.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_ending(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    @contextmanager
    def prepared() -> Iterator[Callable[..., Any]]:
        with tenant_transaction(viewer.environment.organization_id):
            row = in_force(viewer.environment)
        if row is not None:
            preparing.remove_endpoint_of(row)
        yield connections.disconnect

    form = ConfirmationForm(typed(request))
    return _ask(request, viewer, form, prepared, "ending", "The connection is ended. Licenses stay as they are.")


@ASKED_AND_DONE
@for_members("stripe_connection:write")
def stripe_resync(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template="operations/stripe/resync.html",
        action=resync,
        done=lambda _: settled(request, viewer, "Every customer is being looked at again.", "stripe"),
        back=back_to(viewer, "Stripe", "stripe"),
    )


def _ask(
    request: HttpRequest, viewer: Viewer, form: ActForm, prepared: Prepared, page: str, sentence: str
) -> HttpResponse:
    """As `ask`; `prepared` asks Stripe and gives the act, once for a form however often it is sent. Raises Http404."""
    status = 200
    if form.is_valid():
        try:
            with preparing.in_turn(viewer.environment):
                if not done_before(request, viewer):
                    with prepared() as act:
                        once(request, viewer, act)
        except Refusal as refusal:
            status = told(form, refusal)
        else:
            return settled(request, viewer, sentence, "stripe")
    context = {"form": form, "back": back_to(viewer, "Stripe", "stripe")}
    return render(request, f"operations/stripe/{page}.html", context, status=status)
