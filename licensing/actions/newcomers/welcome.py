"""Everything a newcomer needs at once: an organization, a person to sign in as, a secret key and a sample key."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from licensing.actions.newcomers.starter import Starter, stock
from tenants.actions.organizations import create_organization
from tenants.actions.people.accounts import person, register_person, set_password
from tenants.actions.secret_keys import issue_secret_key
from tenants.models import Environment
from tenants.queries.lookup import memberships, presented_secret_key
from tenants.rules.permissions import system
from tenants.tenancy import shared_transaction, tenant_transaction
from verify.digests import secret_key_digests
from verify.ground.ids import encode

SCOPES = ["*", "organization:read", "organization:write"]


class Kept(NamedTuple):
    """The secrets of an earlier time; each is kept if it still works."""

    password: str = ""
    secret_key: str = ""
    key_secret: str = ""


class Welcome(NamedTuple):
    environment: Environment
    email: str
    password: str | None
    secret_key: str
    starter: Starter

    def as_json(self) -> dict[str, Any]:
        """The document of `bootstrap.json`: ids as strings, `api_url` without `/v1`."""
        starter = self.starter
        return {
            "dashboard_url": f"{settings.LICET_PUBLIC_URL}/",
            "api_url": settings.LICET_PUBLIC_URL,
            "verify_url": settings.LICET_VERIFY_URL,
            "secret_key": self.secret_key,
            "organization": encode("org", self.environment.organization_id),
            "environment": self.environment.public_id,
            "login": {"email": self.email, "password": self.password},
            "sample": {
                "license": starter.license.public_id,
                "customer": starter.customer.public_id,
                "plan": starter.plan.public_id,
                "key": starter.key.public_id,
                "key_secret": starter.key_secret,
            },
        }


def welcome_organization(name: str, email: str, *, now: datetime) -> Welcome:
    """A new organization. Somebody who signs in already keeps their password, which is then not shown."""
    known = person(email)
    password = None if known else _new_password()
    user = known or register_person(email, password or "")
    made = create_organization(name, owner=user, by=system(), now=now)
    return _equip(made.environments["test"], user.email, password, Kept(), now)


def welcome_demo(name: str, email: str, kept: Kept, *, now: datetime) -> Welcome:
    """The same demo organization every time; only what is missing or no longer works is made."""
    user = person(email)
    password = kept.password or _new_password()
    if user is None:
        user = register_person(email, password)
    elif not user.check_password(password):
        password = _new_password()
        set_password(user, password)
    known = memberships(user.pk)
    if known:
        organization_id = known[0].organization_id
        with tenant_transaction(organization_id):
            environment = Environment.objects.of_organization(organization_id).filter(kind="test").earliest("id")
    else:
        environment = create_organization(name, owner=user, by=system(), now=now).environments["test"]
    return _equip(environment, email, password, kept, now)


def _equip(environment: Environment, email: str, password: str | None, kept: Kept, now: datetime) -> Welcome:
    """All at once, so that it is told at once too."""
    with shared_transaction(environment.organization_id):
        starter = stock(environment, by=system(), now=now, key_secret=kept.key_secret)
        secret_key = kept.secret_key
        if not _still_serves(secret_key, environment, now):
            _, secret_key = issue_secret_key(
                within=environment, by=system(), now=now, name="First secret key", scopes=SCOPES
            )
    return Welcome(environment, email, password, secret_key, starter)


def _still_serves(secret_key: str, environment: Environment, now: datetime) -> bool:
    """Scopes may have been taken away from it meanwhile."""
    if not secret_key:
        return False
    known = presented_secret_key(secret_key_digests(settings.LICET_PEPPERS, secret_key))
    if known is None or known.environment_id != environment.id or not known.is_in_force(now):
        return False
    return set(SCOPES) <= set(known.scopes)


def _new_password() -> str:
    return secrets.token_urlsafe(12)
