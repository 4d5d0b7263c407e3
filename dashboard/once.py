"""A form that is sent twice acts once: the second time is told what the first one did.

Every page that asks gives its form a token of its own (`{% once %}`). What was done is remembered by it for a day, in
the transaction of the deed, sealed as the API's answers are: so a lost page with a new secret can be had again by
loading it again, and by nobody else.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest

from dashboard.views.viewer import Viewer
from tenants import clock
from tenants.actions.idempotency import Answer, Asked, recall, remember
from tenants.actions.issued import Issued
from tenants.http.manners.once import token_of
from tenants.tenancy import shared_transaction

_DONE = 200


class Made(msgspec.Struct, frozen=True):
    """The rows that an act made or changed, the highest of their revisions, and the secret of a new key."""

    organization_id: UUID
    ids: list[UUID]
    revision: int
    secret: str = ""

    @property
    def id(self) -> UUID:
        return self.ids[0]


_decode = msgspec.json.Decoder(Made).decode


def once(request: HttpRequest, viewer: Viewer, act: Callable[..., Any]) -> Made:
    """Calls `act` with `within`, `by` and `now`, unless this form was sent before. Raises Refusal as it does."""
    now = clock.now()
    asked = _asked(request, viewer, now)
    with shared_transaction(viewer.environment.organization_id):
        remembered = recall(asked, waiting=True) if asked else None
        if remembered:
            return _decode(remembered.body)
        made = _made(viewer, act(within=viewer.environment, by=viewer.actor, now=now))
        if asked:
            remember(asked, Answer(_DONE, {}, msgspec.json.encode(made)))
    return made


def done_before(request: HttpRequest, viewer: Viewer) -> Made | None:
    """What this very form did when it was sent first; for pages that ask others before they act, and not twice."""
    asked = _asked(request, viewer, clock.now())
    with shared_transaction(viewer.environment.organization_id):
        remembered = recall(asked, waiting=True) if asked else None
    return _decode(remembered.body) if remembered else None


def _asked(request: HttpRequest, viewer: Viewer, now: Any) -> Asked | None:
    """None for a form without a token, such as a button on another page: pressing it twice does no harm."""
    token = token_of(request.POST)
    if token is None:
        return None
    typed = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    asks = hashlib.sha256(f"{request.path}\0{json.dumps(typed)}".encode()).digest()
    return Asked(token, asks, viewer.environment, viewer.actor, now)


def _made(viewer: Viewer, result: Any) -> Made:
    row, secret = result if isinstance(result, Issued) else (result, "")
    rows = row if isinstance(row, list) else [row]
    revision = max(getattr(one, "revision", 0) for one in rows)  # a job has none
    return Made(viewer.environment.organization_id, [one.id for one in rows], revision, secret)
