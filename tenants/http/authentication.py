"""Who calls the management API: a secret key, found by its digest, and what its scopes permit."""

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants import clock
from tenants.http.request_id import request_id
from tenants.models import Environment, SecretKey
from tenants.queries.lookup import presented_secret_key
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction
from verify import key_format
from verify.digests import secret_key_digests
from verify.ground.ids import encode


class Caller:
    """What DRF calls the user: the actor, and the environment that its key belongs to."""

    is_authenticated = True

    def __init__(self, actor: Actor, environment: Environment) -> None:
        self.actor, self.environment = actor, environment


class SecretKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return _caller(secret.strip(), request_id(request)), None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Bearer realm="licet"'


def _caller(secret: str, request: str) -> Caller:
    parsed = key_format.parse(secret)
    known = None
    if parsed is not None and parsed.prefix == key_format.SECRET_KEY_PREFIX:
        known = presented_secret_key(secret_key_digests(settings.LICET_PEPPERS, secret))
    if known is None or not known.is_in_force(clock.now()):
        raise unauthenticated()
    name = encode(SecretKey.PREFIX, known.id)
    actor = Actor("secret_key", name, frozenset(known.scopes), known.expires_at, request)
    with tenant_transaction(known.organization_id):
        environment = Environment.objects.of_organization(known.organization_id).get(pk=known.environment_id)
    return Caller(actor, environment)


def unauthenticated() -> Refusal:
    detail = "Send `Authorization: Bearer lsk_…` with a secret key that is in force."
    return Refusal("invalid_secret_key", "unauthenticated", detail)


class HasPermission(BasePermission):
    """Asks the view which permission a request needs; a view that names none is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Caller):
            raise unauthenticated()
        wanted = view.permission_for(request)
        if not any(request.user.actor.may(permission) for permission in (wanted, *view.also_opened_by)):
            raise Refusal("permission_missing", "forbidden", f"This secret key lacks the scope `{wanted}`.")
        return True
