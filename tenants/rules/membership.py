"""Who gives which role to whom: nobody more than they have, owners by owners alone, and one owner always stays."""

from typing import NamedTuple

from tenants.rules.permissions import ROLES, Actor, covers, uncovered
from tenants.rules.refusal import Refusal

OWNER, ADMIN = "owner", "admin"
PERMISSION = "organization:write"


class Standing(NamedTuple):
    """What somebody is in the organization at this moment, and what they may do there."""

    role: str
    permissions: frozenset[str]


def standing_of(by: Actor, role: str | None) -> Standing:
    """`role` is a member's present one, or None for who is not a member, or no longer."""
    if by.kind == "system":
        return Standing(OWNER, by.permissions)
    if by.kind == "secret_key":
        return Standing(ADMIN, by.permissions)
    return Standing(role or "", ROLES[role] if role else frozenset())


def check_gives(role: str, standing: Standing) -> None:
    """Raises Refusal (403) for a role that is not theirs to give."""
    check_may(standing)
    if role == OWNER:
        check_touches_owners(standing)
    if beyond := uncovered(standing.permissions, sorted(ROLES[role])):
        detail = f"Nobody gives more than they have; of what the role {role} may, you lack {', '.join(beyond)}."
        raise Refusal("role_beyond_own", "forbidden", detail)


def check_changes(old: str, new: str, *, owners: int, standing: Standing) -> None:
    """Of `owners` that the organization has. That one stays comes first, whoever asks."""
    if new != OWNER:
        check_leaves_an_owner(old, owners=owners)
    if old == OWNER:
        check_touches_owners(standing)
    check_gives(new, standing)


def check_removes(old: str, *, owners: int, standing: Standing, own: bool) -> None:
    """`own` is whether they leave by themselves, which takes no permission."""
    check_leaves_an_owner(old, owners=owners)
    if own:
        return
    check_may(standing)
    if old == OWNER:
        check_touches_owners(standing)


def check_may(standing: Standing) -> None:
    if not covers(standing.permissions, PERMISSION):
        raise Refusal("permission_missing", "forbidden", f"You lack the permission `{PERMISSION}`.")


def check_leaves_an_owner(old: str, *, owners: int) -> None:
    if old == OWNER and owners == 1:
        detail = "This is the last owner, and an organization always has one; make somebody else an owner first."
        raise Refusal("last_owner", "conflict", detail)


def check_touches_owners(standing: Standing) -> None:
    if standing.role != OWNER:
        detail = "Only an owner makes, changes or removes owners; a secret key counts as an admin."
        raise Refusal("owner_required", "forbidden", detail)


def given_by(standing: Standing) -> list[str]:
    """The roles that are theirs to give, most powerful first."""
    return [role for role in ROLES if _may_give(role, standing)]


def _may_give(role: str, standing: Standing) -> bool:
    try:
        check_gives(role, standing)
    except Refusal:
        return False
    return True
