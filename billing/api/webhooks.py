"""POST /webhooks/stripe/{connection_uid}: what Stripe calls. Its signature is the only credential."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.actions.inbox import receive
from billing.queries.connections import presented_connection
from tenants import clock
from tenants.http.problems import problem_answer, server_error
from tenants.rules.refusal import Refusal, not_found

MOST_BYTES = 512 * 1024


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest, uid: str) -> HttpResponse:
    """200 at once for what was taken in or is no news. The database away is 500: then Stripe comes again."""
    try:
        body = _body(request)
        presented = presented_connection(uid)
        if presented is None:
            raise not_found()
        outcome = receive(presented, body=body, header=request.headers.get("Stripe-Signature", ""), now=clock.now())
    except Refusal as refusal:
        return problem_answer(refusal, request)
    except OperationalError:
        return server_error(request)
    return JsonResponse({"received": True, "outcome": outcome})


def _body(request: HttpRequest) -> bytes:
    """As it was signed, byte by byte."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise Refusal("body_too_large", "too_large", f"At most {MOST_BYTES} bytes.")
    return request.body
