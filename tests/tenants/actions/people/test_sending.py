"""The mail of an invitation: sent once, sent later, refused, or never sent and its token given up."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from tenants import clock
from tenants.actions.people.acceptance import accept_invitation
from tenants.actions.people.accounts import register_person
from tenants.actions.people.sending import count_unsent, hand_out_again, send_invitation
from tenants.actions.people.tokens import give_token, open_token
from tenants.models import Invitation
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.running.mail.mailbox import Mailbox
from tests.running.mail.server import mail_server
from tests.running.nodes import control_plane
from verify.digests import Pepper
from verify.ground.ids import new
from verify.sealing import BrokenSeal

SMTP = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1"}


def unsent(place: Place, email: str = "") -> Invitation:
    """As it is when it is committed and the broker could not be told."""
    now = clock.now()
    row = Invitation(
        organization_id=place.environment.organization_id,
        email=email or f"{new('mem')}@example.com",
        role="viewer",
        created_at=now,
    )
    give_token(row, now=now)
    with tenant_transaction(row.organization_id):
        return row.insert()


def read(row: Invitation) -> Invitation:
    with tenant_transaction(row.organization_id):
        found: Invitation = Invitation.objects.of_organization(row.organization_id).get(pk=row.pk)
    return found


def change(row: Invitation, **values: object) -> None:
    with tenant_transaction(row.organization_id):
        Invitation.objects.of_organization(row.organization_id).filter(pk=row.pk).update(**values)


def send(row: Invitation) -> None:
    send_invitation(row.organization_id, row.pk, now=clock.now())


def test_running_the_task_twice_sends_one_mail(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    for _ in range(3):
        send(row)
    assert len(mailbox.to(row.email)) == 1
    assert read(row).sealed_token is None


@pytest.mark.parametrize("state", ["accepted_at", "revoked_at", "expires_at"])
def test_what_is_closed_is_not_sent(place: Place, mailbox: Mailbox, state: str) -> None:
    row = unsent(place)
    change(row, **{state: clock.now()})
    send(row)
    assert mailbox.to(row.email) == []


def test_what_the_broker_was_not_told_is_sent_by_the_sweep(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    assert count_unsent() >= 1
    assert hand_out_again(before=clock.now() + timedelta(seconds=1), now=clock.now()) >= 1
    assert mailbox.token(row.email)


def test_a_token_that_expired_unsent_is_given_up(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    change(row, expires_at=clock.now() - timedelta(seconds=1))
    hand_out_again(before=clock.now() - timedelta(days=30), now=clock.now())
    assert read(row).sealed_token is None
    assert mailbox.to(row.email) == []


def test_a_mail_server_that_takes_it_has_it_sent(place: Place) -> None:
    row = unsent(place)
    with mail_server(250) as port, override_settings(**SMTP, EMAIL_PORT=port):
        send(row)
    assert read(row).sent_at is not None


def test_a_mail_that_is_refused_for_good_is_not_tried_again(place: Place) -> None:
    row = unsent(place)
    with mail_server(550) as port, override_settings(**SMTP, EMAIL_PORT=port):
        send(row)
    assert (read(row).sealed_token, read(row).sent_at) == (None, None)
    assert place.api.get(f"/v1/invitations/{row.public_id}").json()["status"] == "pending"


@pytest.mark.parametrize("code", [450, None])
def test_a_mail_that_cannot_be_sent_now_waits(place: Place, code: int | None) -> None:
    row = unsent(place)
    with (
        mail_server(code or 250) as port,
        override_settings(**SMTP, EMAIL_PORT=port if code else 1),
        pytest.raises(OSError, match=str(code or "refused")),
    ):
        send(row)
    assert open_token(read(row)) == open_token(row)


def test_a_token_whose_key_is_lost_is_given_up_and_can_be_sent_again(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    with override_settings(LICET_DATA_KEKS=(Pepper(9, b"x" * 32),)):
        send(row)
    assert (read(row).sealed_token, mailbox.to(row.email)) == (None, [])
    place.api.post(f"/v1/invitations/{row.public_id}/sending").raise_for_status()
    assert mailbox.token(row.email)


def test_a_sealed_token_opens_in_its_own_row_alone(place: Place) -> None:
    row, other = unsent(place), unsent(place)
    other.sealed_token = row.sealed_token
    with pytest.raises(BrokenSeal):
        open_token(other)


def test_the_link_begins_as_the_outside_reaches_us(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    with override_settings(LICET_PUBLIC_URL="https://licenses.example.org"):
        send(row)
    assert mailbox.link(row.email).startswith("https://licenses.example.org/invitations/")


def test_a_link_of_before_is_dead_when_its_mail_comes_late(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    late = open_token(row)
    place.api.post(f"/v1/invitations/{row.public_id}/sending").raise_for_status()
    assert mailbox.token(row.email) != late
    user = register_person(row.email, "a password of their own")
    with pytest.raises(Refusal) as refused:
        accept_invitation(late, user=user, now=clock.now())
    assert refused.value.code == "not_found"


def test_without_a_broker_an_invitation_stands_and_is_sent_later(
    place: Place, mailbox: Mailbox, tmp_path: Path
) -> None:
    email = f"{new('mem')}@example.com"
    with control_plane(tmp_path, {"LICET_BROKER_URL": "redis://127.0.0.1:1/0"}) as node:
        headers = {"Authorization": f"Bearer {place.document['secret_key']}"}
        body = {"email": email, "role": "viewer"}
        answer = httpx.post(f"{node.url}/v1/invitations", json=body, headers=headers, timeout=20)
        assert answer.status_code == 201
        assert mailbox.to(email) == []
        assert "licet_invitations_unsent" in httpx.get(f"{node.url}/metrics", timeout=20).text
    assert hand_out_again(before=clock.now() + timedelta(seconds=1), now=clock.now()) >= 1
    assert mailbox.token(email)


def test_the_mail_is_from_who_the_settings_say(place: Place, mailbox: Mailbox) -> None:
    row = unsent(place)
    send(row)
    assert mailbox.wait_for(row.email)["From"] == settings.DEFAULT_FROM_EMAIL
