"""Every page of an organization that changes something leaves one audit entry by the member, and tells no fact."""

from django.test import Client
from django.urls import reverse

from dashboard.urls import of_organization
from dashboard.views.operations.addresses import of_whole_organization
from tenants.models import AuditEntry, OutboxEntry
from tenants.tenancy import tenant_transaction
from tests.dashboard.visiting.visitors import browser_of, owner_of
from tests.places import Place
from verify.ground.ids import decode

# In the order in which they are possible.
WRITES: dict[str, dict[str, str]] = {
    "new_invitation": {"email": "somebody.else@example.com", "role": "viewer"},
    "invitation_sending": {},
    "invitation_revocation": {},
    "member_role": {"role": "billing"},
    "member_removal": {},
}
READS = {"members"}


def addresses(place: Place) -> dict[str, str]:
    invitation = place.post("invitations", {"email": "somebody@example.com", "role": "viewer"})["id"]
    subjects = {"invitation": decode("inv", invitation), "member": place.member("viewer").pk}
    organization = place.environment.organization_id
    return {
        name: reverse(name, args=[organization, *([subjects[name.split("_")[0]]] if name != "new_invitation" else [])])
        for name in WRITES
    }


def counts(place: Place) -> tuple[int, int]:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        audited = AuditEntry.objects.of_organization(organization).filter(actor_kind="member").count()
        return audited, OutboxEntry.objects.of_organization(organization).count()


def test_every_page_is_known_to_write_or_to_read() -> None:
    others = {pattern.name for pattern in of_whole_organization()}
    assert {pattern.name for pattern in of_organization} - others == READS | set(WRITES)


def test_a_post_leaves_one_audit_entry_and_no_outbox_entry(place: Place) -> None:
    member, pages = browser_of(owner_of(place)), addresses(place)
    for name, form in WRITES.items():
        before = counts(place)
        assert (member.get(pages[name]).status_code, counts(place)) == (200, before), name
        done = member.post(pages[name], form)
        assert done.status_code == 302, (name, done.content.decode())
        after = counts(place)
        assert (after[0] - before[0], after[1] - before[1]) == (1, 0), name


def test_a_post_without_its_csrf_field_changes_nothing(place: Place) -> None:
    strict: Client = browser_of(owner_of(place), checks_csrf=True)
    pages, before = addresses(place), counts(place)
    for name, form in WRITES.items():
        assert strict.post(pages[name], form).status_code == 403
    assert counts(place) == before
