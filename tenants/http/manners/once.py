"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the same POST twice has one effect and one answer.

A page's form carries such a key in a hidden field (`{% once %}` in dashboard.templatetags).
"""

import hashlib
import json
import re
from datetime import datetime

from django.http import QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actions.idempotency import Answer, Asked
from tenants.models import Environment
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from verify.ground.problem import FieldError

HEADER, FIELD = "Idempotency-Key", "once"
KEPT_HEADERS = ("Location", "Licet-Revision", "ETag")
_SPELLING, _OF_FORM = re.compile(r"[!-~][ -~]{0,254}"), re.compile(r"[A-Za-z0-9_-]{16,64}")


def asked_once(request: Request, *, within: Environment, by: Actor, now: datetime) -> Asked | None:
    """None for what carries no key. Raises Refusal (400) for one that is none."""
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if not _SPELLING.fullmatch(key):
        detail = "1 to 255 printable ASCII characters, e.g. a UUID."
        error = FieldError(f"/{HEADER}", "invalid", detail)
        raise Refusal("invalid_request", "invalid", f"`{HEADER}`: {detail}", errors=(error,))
    body = json.dumps(request.data, sort_keys=True)
    asks = hashlib.sha256(f"{request.method}\0{request.get_full_path()}\0{body}".encode()).digest()
    return Asked(key, asks, within, by, now)


def token_of(form: QueryDict) -> str | None:
    """By which it is known when it is sent again; None for a form without one."""
    token: str = form.get(FIELD, "")
    return token if _OF_FORM.fullmatch(token) else None


def as_answer(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, JSONRenderer().render(response.data))


def as_response(answer: Answer) -> Response:
    headers = answer.headers | {"Idempotent-Replayed": "true"}
    return Response(json.loads(answer.body), status=answer.status, headers=headers)
