"""Invitations under concurrency: one open per address, one member per token."""

from collections.abc import Callable
from functools import partial

from tenants import clock
from tenants.actions.people.acceptance import accept_as_newcomer, accept_invitation
from tenants.actions.people.accounts import register_person
from tenants.actions.people.invitations import invite, revoke_invitation, send_again
from tenants.actions.people.members import remove_member
from tenants.models import Invitation, Member, User
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.places import Place, acting
from tests.running.mail.mailbox import Mailbox
from tests.tenants.actions.together import at_once
from verify.ground.ids import new

ROUNDS = 5
PASSWORD = "a password of their own"


def address() -> str:
    return f"{new('mem')}@example.com"


def asked(place: Place, email: str, role: str = "viewer") -> Invitation:
    return invite(within=place.environment, by=system(), now=clock.now(), email=email, role=role)


def register(token: str) -> Member:
    return accept_as_newcomer(token, password=PASSWORD, now=clock.now())


def members(place: Place, email: str) -> int:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        return len(Member.objects.of_organization(organization).filter(user__email=email))


def test_the_same_token_twice_at_once_makes_one_member(place: Place, mailbox: Mailbox) -> None:
    for _ in range(ROUNDS):
        email = address()
        asked(place, email)
        token = mailbox.token(email)
        said = at_once(partial(register, token), partial(register, token))
        assert sorted(said) == ["done", "invitation_closed"]
        assert members(place, email) == 1


def test_two_invitations_of_a_newcomer_at_once_make_one_account(
    new_place: Callable[[], Place], mailbox: Mailbox
) -> None:
    places, email = (new_place(), new_place()), address()
    for place in places:
        asked(place, email)
    first, second = mailbox.token(email, 1), mailbox.token(email, 2)
    assert sorted(at_once(partial(register, first), partial(register, second))) == ["account_exists", "done"]
    assert User.objects.filter(email=email).count() == 1
    assert sorted(members(place, email) for place in places) == [0, 1]
    user = User.objects.get(email=email)
    said = [at_once(partial(accept_invitation, token, user=user, now=clock.now()))[0] for token in (first, second)]
    assert sorted(said) == ["done", "invitation_closed"]


def test_an_address_invited_twice_at_once_is_invited_once(place: Place) -> None:
    for _ in range(ROUNDS):
        email = address()
        said = at_once(partial(asked, place, email), partial(asked, place, email.upper()))
        assert sorted(said) == ["already_invited", "done"]


def test_accepting_and_revoking_at_once_do_one_of_both(place: Place, mailbox: Mailbox) -> None:
    for _ in range(ROUNDS):
        email = address()
        row = asked(place, email)
        token, user = mailbox.token(email), register_person(email, PASSWORD)
        said = at_once(
            partial(accept_invitation, token, user=user, now=clock.now()),
            partial(revoke_invitation, row.pk, within=place.environment, by=system(), now=clock.now()),
        )
        assert said in (["done", "already_accepted"], ["invitation_closed", "done"])
        assert members(place, email) == (said[0] == "done")


def test_an_inviter_who_is_removed_at_once_has_invited_or_not(place: Place) -> None:
    for _ in range(ROUNDS):
        admin, email = place.member("admin"), address()
        inviting = partial(invite, within=place.environment, by=acting(admin), now=clock.now(), email=email)
        removing = partial(remove_member, admin.pk, within=place.environment, by=system(), now=clock.now())
        said = at_once(partial(inviting, role="viewer"), removing)
        assert said in (["done", "done"], ["permission_missing", "done"])
        found = place.api.get("/v1/invitations", params={"email": email}).json()["data"]
        assert len(found) == (said[0] == "done")


def test_an_admin_does_not_send_an_owners_invitation_again(place: Place) -> None:
    admin, row = place.member("admin"), asked(place, address(), "owner")
    again = at_once(lambda: send_again(row.pk, within=place.environment, by=acting(admin), now=clock.now()))
    assert again == ["owner_required"]
