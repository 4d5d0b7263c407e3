"""/v1/invitations over real HTTP, to the mail that is read back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tenants import clock
from tenants.actions.people import invitations
from tenants.actions.people.acceptance import accept_as_newcomer, accept_invitation
from tenants.actions.people.accounts import register_person
from tenants.models import Invitation, User
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction
from tests.places import Place, acting
from tests.running.mail.mailbox import Mailbox
from verify.ground.ids import decode, new

PASSWORD = "a password of their own"


def address() -> str:
    return f"{new('mem')}@example.com"


def invite(place: Place, email: str, role: str = "viewer") -> dict[str, Any]:
    return place.post("invitations", {"email": email, "role": role})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def row_of(place: Place, name: str) -> Invitation:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        row: Invitation = Invitation.objects.of_organization(organization).get(pk=decode("inv", name))
    return row


def expire(place: Place, name: str) -> None:
    row, organization = row_of(place, name), place.environment.organization_id
    with tenant_transaction(organization):
        Invitation.objects.of_organization(organization).filter(pk=row.pk).update(
            expires_at=clock.now() - timedelta(seconds=1)
        )


def refusal_of(token: str, email: str) -> str:
    with pytest.raises(Refusal) as refused:
        accept_as_newcomer(token, password=PASSWORD, now=clock.now())
    assert User.objects.filter(email=email).first() is None
    return refused.value.code


def test_an_invitation_is_mailed_and_its_token_kept_nowhere(place: Place, mailbox: Mailbox) -> None:
    email = address()
    made = invite(place, email, "developer")
    assert (made["status"], made["role"], made["email"]) == ("pending", "developer", email)
    mail = mailbox.wait_for(email)
    assert mail["Subject"] == "You are invited to Tenant 1 on Licet"
    assert "with the role developer" in mail.get_content()
    token = mailbox.token(email)
    while (shown := place.api.get(f"/v1/invitations/{made['id']}").json())["sent_at"] is None:
        pass
    assert token not in str(shown)
    row = row_of(place, made["id"])
    assert row.sealed_token is None
    assert token.encode() not in bytes(row.token_digest)
    assert len(token) == 43


def test_the_mail_says_which_member_invites(place: Place, mailbox: Mailbox) -> None:
    email, owner = address(), place.owner()
    invitations.invite(within=place.environment, by=acting(owner), now=clock.now(), email=email, role="viewer")
    assert f"{owner.user.email} invites you to join Tenant 1" in mailbox.wait_for(email).get_content()


def test_who_accepts_becomes_a_member_with_the_role(place: Place, mailbox: Mailbox) -> None:
    email = address()
    made = invite(place, email.upper(), "billing")
    member = accept_as_newcomer(mailbox.token(email), password=PASSWORD, now=clock.now())
    assert place.api.get("/v1/members", params={"email": email}).json()["data"][0]["role"] == "billing"
    assert place.api.get(f"/v1/invitations/{made['id']}").json()["status"] == "accepted"
    (entry,) = place.api.get("/v1/audit_log", params={"action": "invitation.accepted"}).json()["data"]
    assert entry["actor"] == {"kind": "member", "id": member.public_id}


def test_an_address_has_one_open_invitation_whatever_its_case(place: Place) -> None:
    email = address()
    first = invite(place, email)["id"]
    body = {"email": email.title(), "role": "developer"}
    answer = place.api.post("/v1/invitations", json=body)
    assert code_of(answer) == (409, "already_invited")
    assert answer.json()["errors"][0]["pointer"] == "/email"
    expire(place, first)
    second = place.post("invitations", body)
    assert second["id"] != first
    assert place.api.get(f"/v1/invitations/{first}").json()["status"] == "revoked"


def test_who_is_a_member_already_is_not_invited(place: Place) -> None:
    email = place.member("viewer").user.email
    answer = place.api.post("/v1/invitations", json={"email": email.upper(), "role": "admin"})
    assert code_of(answer) == (409, "already_member")


def test_owners_are_invited_by_owners_alone(place: Place) -> None:
    answer = place.api.post("/v1/invitations", json={"email": address(), "role": "owner"})
    assert code_of(answer) == (403, "owner_required")


def test_a_revoked_invitation_is_dead_and_stays_so(place: Place, mailbox: Mailbox) -> None:
    email = address()
    name = invite(place, email)["id"]
    token = mailbox.token(email)
    for _ in range(2):
        answer = place.api.delete(f"/v1/invitations/{name}")
        assert (answer.status_code, answer.json()["status"]) == (200, "revoked")
    assert refusal_of(token, email) == "invitation_closed"
    assert code_of(place.api.post(f"/v1/invitations/{name}/sending")) == (409, "already_revoked")
    assert invite(place, email)["status"] == "pending"


def test_sending_again_kills_the_earlier_link(place: Place, mailbox: Mailbox) -> None:
    email = address()
    name = invite(place, email)["id"]
    first = mailbox.token(email)
    expire(place, name)
    assert refusal_of(first, email) == "invitation_closed"
    answer = place.api.post(f"/v1/invitations/{name}/sending")
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, name, "pending")
    second = mailbox.token(email, 2)
    assert refusal_of(first, email) == "not_found"
    assert accept_as_newcomer(second, password=PASSWORD, now=clock.now()).user.email == email


def test_a_token_is_good_once(place: Place, mailbox: Mailbox) -> None:
    email = address()
    name = invite(place, email)["id"]
    token = mailbox.token(email)
    user = accept_as_newcomer(token, password=PASSWORD, now=clock.now()).user
    with pytest.raises(Refusal, match="was accepted"):
        accept_as_newcomer(token, password=PASSWORD, now=clock.now())
    with pytest.raises(Refusal, match="was accepted"):
        accept_invitation(token, user=user, now=clock.now())
    for method, path in (("DELETE", name), ("POST", f"{name}/sending")):
        assert code_of(place.api.request(method, f"/v1/invitations/{path}")) == (409, "already_accepted")


def test_an_invitation_is_for_its_address_alone(place: Place, mailbox: Mailbox) -> None:
    email = address()
    invite(place, email)
    token, stranger = mailbox.token(email), register_person(address(), PASSWORD)
    with pytest.raises(Refusal) as refused:
        accept_invitation(token, user=stranger, now=clock.now())
    assert refused.value.code == "invitation_of_another"
    assert len(place.api.get("/v1/members").json()["data"]) == 1


def test_who_was_removed_can_be_invited_again(place: Place, mailbox: Mailbox) -> None:
    email = address()
    invite(place, email, "developer")
    first = accept_as_newcomer(mailbox.token(email), password=PASSWORD, now=clock.now())
    place.api.delete(f"/v1/members/{first.public_id}").raise_for_status()
    invite(place, email, "viewer")
    second = accept_invitation(mailbox.token(email, 2), user=first.user, now=clock.now())
    assert (second.pk != first.pk, second.role) == (True, "viewer")
    with pytest.raises(Refusal, match="was accepted"):
        accept_invitation(mailbox.token(email, 1), user=first.user, now=clock.now())


def test_another_tenants_invitation_is_a_404_and_stays_as_it_is(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    theirs = invite(others, address())["id"]
    told = []
    for name in (theirs, new("inv"), "nonsense", "%00"):
        for method, path in (("GET", name), ("DELETE", name), ("POST", f"{name}/sending")):
            answer = mine.api.request(method, f"/v1/invitations/{path}")
            assert answer.status_code == 404
            told.append({key: text for key, text in answer.json().items() if key not in ("request_id", "instance")})
    assert all(one == told[0] for one in told)
    assert mine.api.get("/v1/invitations").json()["data"] == []
    assert others.api.get(f"/v1/invitations/{theirs}").json()["status"] == "pending"


def test_invitations_are_found_by_status_role_and_address(place: Place, mailbox: Mailbox) -> None:
    names = {}
    for status in ("pending", "accepted", "revoked", "expired"):
        email = address()
        names[status] = invite(place, email, "viewer" if status == "pending" else "billing")["id"]
        if status == "accepted":
            accept_as_newcomer(mailbox.token(email), password=PASSWORD, now=clock.now())
    place.api.delete(f"/v1/invitations/{names['revoked']}").raise_for_status()
    expire(place, names["expired"])
    for status, name in names.items():
        (found,) = place.api.get("/v1/invitations", params={"status": status}).json()["data"]
        assert (found["id"], found["status"]) == (name, status)
    for query in ({"role": "viewer"}, {"email": row_of(place, names["pending"]).email.upper()}):
        (found,) = place.api.get("/v1/invitations", params=query).json()["data"]
        assert found["id"] == names["pending"]


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a\0@example.com", f"{'a' * 300}@example.com", "a" * 100_000, 7, "a b@example.com"]
)
def test_an_address_that_is_none_is_refused_by_its_field(place: Place, email: object) -> None:
    answer = place.api.post("/v1/invitations", json={"email": email, "role": "viewer"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/email")


def test_an_address_that_grows_in_lower_case_is_refused_before_the_database_does(place: Place) -> None:
    email = f"a@{'İ' * 60}.{'İ' * 60}.{'İ' * 60}.{'İ' * 55}.com"
    assert len(email) <= 254 < len(email.lower())
    answer = place.api.post("/v1/invitations", json={"email": email, "role": "viewer"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/email")


@pytest.mark.parametrize("token", ["", "\0", "x" * 100_000, "ünïcode", "' OR 1=1 --"])
def test_a_token_that_is_none_is_not_found(token: str) -> None:
    with pytest.raises(Refusal) as refused:
        accept_as_newcomer(token, password=PASSWORD, now=clock.now())
    assert refused.value.code == "not_found"
