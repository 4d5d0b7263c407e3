"""Every page that changes something leaves one audit entry by the member, and one outbox entry; the others none."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.urls import of_environment, of_organization, urlpatterns
from tenants.models import AuditEntry, OutboxEntry, User
from tenants.tenancy import tenant_transaction
from tests.places import Place
from verify.ground.ids import decode, new_uuid

WRITES: dict[str, dict[str, str]] = {
    "license_suspension": {"reason": "unpaid"},
    "license_reinstatement": {},
    "new_key": {"name": "From a page", "key_prefix": "demo"},
    "key_revocation": {"reason": "leaked"},
    "license_revocation": {"reason": "fraud"},
}
# Of the whole organization: nothing of it is told to the data plane. In the order in which they are possible.
ORGANIZATION_WRITES: dict[str, dict[str, str]] = {
    "new_invitation": {"email": "somebody.else@example.com", "role": "viewer"},
    "invitation_sending": {},
    "invitation_revocation": {},
    "member_role": {"role": "billing"},
    "member_removal": {},
}
# An invitation's link writes too, for who is no member yet: tests/dashboard/views/people/test_acceptance.py.
ELSEWHERE = {"invitation"}
READS = {"licenses", "license", "home", "account", "organization", "members"}


@pytest.fixture
def member(place: Place) -> Client:
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(User.objects.get(email=place.document["login"]["email"]))
    return browser


def address(name: str, place: Place) -> str:
    prefix = "key" if name == "key_revocation" else "lic"
    subject = decode(prefix, place.sample["key" if prefix == "key" else "license"])
    return reverse(name, args=[place.environment.id, subject])


def as_uuid(prefix: str, name: str) -> UUID:
    found = decode(prefix, name)
    assert found
    return found


def counts(place: Place) -> tuple[int, int]:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        audited = AuditEntry.objects.of_organization(organization).filter(actor_kind="member").count()
        return audited, OutboxEntry.objects.of_organization(organization).count()


def test_every_page_is_known_to_write_or_to_read() -> None:
    patterns = (*of_environment, *of_organization, *urlpatterns)
    names = {pattern.name for pattern in patterns if hasattr(pattern, "name")}
    assert names == READS | set(WRITES) | set(ORGANIZATION_WRITES) | ELSEWHERE


def test_a_post_leaves_one_audit_entry_and_one_outbox_entry(place: Place, member: Client) -> None:
    for name, form in WRITES.items():
        before = counts(place)
        asked = member.get(address(name, place))
        assert (asked.status_code, counts(place)) == (200, before), name
        done = member.post(address(name, place), form)
        assert done.status_code in (201, 302), (name, done.content.decode())
        after = counts(place)
        assert (after[0] - before[0], after[1] - before[1]) == (1, 1), name


def organization_address(name: str, place: Place, subjects: dict[str, UUID]) -> str:
    subject = [subjects[name.partition("_")[0]]] if name != "new_invitation" else []
    return reverse(name, args=[place.environment.organization_id, *subject])


def test_a_post_of_the_organization_leaves_one_audit_entry_and_no_outbox_entry(place: Place, member: Client) -> None:
    invitation = place.post("invitations", {"email": "somebody@example.com", "role": "viewer"})["id"]
    subjects = {"invitation": as_uuid("inv", invitation), "member": place.member("viewer").pk}
    for name, form in ORGANIZATION_WRITES.items():
        before = counts(place)
        asked = member.get(organization_address(name, place, subjects))
        assert (asked.status_code, counts(place)) == (200, before), name
        done = member.post(organization_address(name, place, subjects), form)
        assert done.status_code == 302, (name, done.content.decode())
        after = counts(place)
        assert (after[0] - before[0], after[1] - before[1]) == (1, 0), name


def test_a_post_without_its_csrf_field_changes_nothing(place: Place) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    strict.force_login(User.objects.get(email=place.document["login"]["email"]))
    subjects = {"invitation": new_uuid(), "member": place.member("viewer").pk}
    before = counts(place)
    for name, form in WRITES.items():
        assert strict.post(address(name, place), form).status_code == 403
    for name, form in ORGANIZATION_WRITES.items():
        assert strict.post(organization_address(name, place, subjects), form).status_code == 403
    assert counts(place) == before
