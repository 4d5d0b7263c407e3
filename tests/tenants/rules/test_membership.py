"""Which role may be given by whom, as a table."""

import pytest

from tenants.rules.membership import Standing, check_changes, check_gives, check_removes, given_by, standing_of
from tenants.rules.permissions import ROLES, Actor, system
from tenants.rules.refusal import Refusal

WIDE_KEY = Actor("secret_key", "skey_1", frozenset({"*", "organization:read", "organization:write"}))
NARROW_KEY = Actor("secret_key", "skey_2", frozenset({"organization:write", "customers:read"}))


def member(role: str | None) -> Standing:
    return standing_of(Actor("member", "mem_1", ROLES["owner"]), role)


def told(check: object, *args: object, **kwargs: object) -> str | None:
    """The refusal's code, or None."""
    try:
        check(*args, **kwargs)  # type: ignore[operator]  # one of the checks above
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("standing", "roles"),
    [
        (standing_of(system(), None), ["owner", "admin", "developer", "billing", "viewer"]),
        (member("owner"), ["owner", "admin", "developer", "billing", "viewer"]),
        (member("admin"), ["admin", "developer", "billing", "viewer"]),
        (standing_of(WIDE_KEY, None), ["admin", "developer", "billing", "viewer"]),
        *((member(role), []) for role in ("developer", "billing", "viewer", None)),
        (standing_of(NARROW_KEY, None), []),
    ],
)
def test_nobody_gives_more_than_they_have_and_only_owners_make_owners(standing: Standing, roles: list[str]) -> None:
    assert given_by(standing) == roles


@pytest.mark.parametrize(
    ("standing", "role", "code"),
    [
        (member("admin"), "owner", "owner_required"),
        (standing_of(WIDE_KEY, None), "owner", "owner_required"),
        (standing_of(NARROW_KEY, None), "viewer", "role_beyond_own"),
        (standing_of(NARROW_KEY, None), "admin", "role_beyond_own"),
        (member("viewer"), "viewer", "permission_missing"),
        (member(None), "viewer", "permission_missing"),
    ],
)
def test_a_role_that_is_not_theirs_to_give_is_refused_by_name(standing: Standing, role: str, code: str) -> None:
    assert told(check_gives, role, standing) == code


def test_what_a_member_may_is_what_they_are_now_and_not_what_they_came_with() -> None:
    assert told(check_gives, "viewer", standing_of(Actor("member", "mem_1", ROLES["owner"]), "viewer"))


@pytest.mark.parametrize("by", ["owner", "admin", "viewer", None])
def test_that_the_last_owner_stays_comes_first_whoever_asks(by: str | None) -> None:
    assert told(check_changes, "owner", "admin", owners=1, standing=member(by)) == "last_owner"
    assert told(check_removes, "owner", owners=1, standing=member(by), own=False) == "last_owner"
    assert told(check_removes, "owner", owners=1, standing=member(by), own=True) == "last_owner"


def test_one_of_two_owners_is_touched_by_an_owner_alone() -> None:
    for standing, code in ((member("owner"), None), (member("admin"), "owner_required")):
        assert told(check_changes, "owner", "viewer", owners=2, standing=standing) == code
        assert told(check_removes, "owner", owners=2, standing=standing, own=False) == code
    assert told(check_changes, "viewer", "owner", owners=1, standing=member("admin")) == "owner_required"


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_leave_but_the_last_owner(role: str) -> None:
    assert told(check_removes, role, owners=2, standing=member(role), own=True) is None
