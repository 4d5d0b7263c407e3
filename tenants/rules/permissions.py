"""Who may do what: permission names, the roles that imply them, and what a secret key's scopes cover."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

ENVIRONMENT_RESOURCES = (
    *("products", "features", "meters", "plans", "customers", "licenses", "keys", "secret_keys"),
    *("events", "jobs", "usage", "stripe_connection", "checkout_sessions", "portal_sessions"),
)
ENVIRONMENT_PERMISSIONS = frozenset(
    [f"{resource}:{access}" for resource in ENVIRONMENT_RESOURCES for access in ("read", "write")] + ["verify"]
)
ORGANIZATION_PERMISSIONS = frozenset(["organization:read", "organization:write"])
EVERYTHING_HERE = "*"  # covers its own environment, never the organization
GRANTABLE = ENVIRONMENT_PERMISSIONS | ORGANIZATION_PERMISSIONS | {EVERYTHING_HERE}

_READ = frozenset(name for name in ENVIRONMENT_PERMISSIONS if name.endswith(":read"))
_SOLD = ("customers", "licenses", "stripe_connection", "checkout_sessions", "portal_sessions")
_SELLING = frozenset(f"{resource}:write" for resource in _SOLD)

ROLES: dict[str, frozenset[str]] = {
    "owner": ENVIRONMENT_PERMISSIONS | ORGANIZATION_PERMISSIONS,
    "admin": ENVIRONMENT_PERMISSIONS | ORGANIZATION_PERMISSIONS,
    "developer": ENVIRONMENT_PERMISSIONS | {"organization:read"},
    "billing": _READ | _SELLING | {"organization:read"},
    "viewer": _READ,
}


class Actor(NamedTuple):
    """Who does something, for permission and for the audit log. `kind`: `secret_key`, `member` or `system`.

    `expires_at` is a secret key's own end; `request_id` names the request in which it is done.
    """

    kind: str
    id: str | None
    permissions: frozenset[str]
    expires_at: datetime | None = None
    request_id: str | None = None

    def may(self, permission: str) -> bool:
        return covers(self.permissions, permission)


def system() -> Actor:
    """What runs without a person: the seed, sweeps, commands typed on the server."""
    return Actor("system", None, ENVIRONMENT_PERMISSIONS | ORGANIZATION_PERMISSIONS)


def covers(granted: Collection[str], permission: str) -> bool:
    return permission in granted or (EVERYTHING_HERE in granted and permission in ENVIRONMENT_PERMISSIONS)


def uncovered(granted: Collection[str], wanted: Iterable[str]) -> list[str]:
    """What of `wanted` may not be handed on: nobody issues more than they have."""

    def is_covered(name: str) -> bool:
        if name == EVERYTHING_HERE:
            return name in granted or ENVIRONMENT_PERMISSIONS.issubset(granted)
        return covers(granted, name)

    return [name for name in wanted if not is_covered(name)]
