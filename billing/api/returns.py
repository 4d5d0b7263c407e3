"""The page that Stripe leads back to after a checkout: makes what was bought, shows its first key once, leads on.

The address is a secret between buyer and Stripe: an id that nobody guesses, with the session's own. Nothing here is
kept by a cache (no-store, as everywhere).
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from billing.actions.returning import come_back, show_first_key
from billing.models import StripeCheckout
from billing.queries.connections import presented_connection
from tenants import clock
from tenants.http.manners.once import token_of
from tenants.rules.refusal import Refusal
from verify.ground.ids import decode
from verify.ground.problem import KINDS

LONGEST = 255


@require_http_methods(["GET", "HEAD", "POST"])
def checkout_return(request: HttpRequest, uid: str, checkout: str) -> HttpResponse:
    presented, checkout_id = presented_connection(uid), decode(StripeCheckout.PREFIX, checkout)
    session_id = request.GET.get("session_id", "")[:LONGEST].replace("\0", "")
    if presented is None or checkout_id is None:
        return render(request, "errors/not_found.html", status=404)
    secret, status, refused = None, 200, None
    try:
        found = come_back(presented, checkout_id, session_id=session_id, now=clock.now())
        if request.method == "POST":
            form = token_of(request.POST)
            shown = show_first_key(presented, checkout_id, session_id=session_id, form=form, now=clock.now())
            found, secret = found._replace(checkout=shown.checkout), shown.secret
    except Refusal as refusal:
        status, refused = KINDS[refusal.kind].status, refusal.code
        if refusal.kind == "not_found":
            return render(request, "errors/not_found.html", status=status)
    context = {"checkout": found.checkout, "license": found.license, "secret": secret, "refused": refused}
    return render(request, "licensing/billing/checkout_return.html", context, status=status)
