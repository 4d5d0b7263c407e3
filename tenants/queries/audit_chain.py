"""Reading the audit chain: an entry's link, an entry as it is hashed, the sealed head."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from tenants.models import AuditEntry, AuditHead, AuditLink
from tenants.rules.audit_chain import EMPTY, Head
from verify import sealing
from verify.ground.ids import encode

_decode = msgspec.msgpack.Decoder(Head).decode


def with_links(entries: Sequence[AuditEntry]) -> None:
    """Sets `position` and `hash` (hex) on entries of one organization; None on what is not chained yet."""
    if not entries:
        return
    links = AuditLink.objects.of_organization(entries[0].organization_id)
    found = {link.entry_id: link for link in links.filter(entry_id__in=[entry.id for entry in entries])}
    for entry in entries:
        link = found.get(entry.id)
        entry.position = link.position if link else None  # type: ignore[attr-defined]  # set for the reader alone
        entry.hash = bytes(link.hash).hex() if link else None  # type: ignore[attr-defined]  # as above


def hashed(entry: AuditEntry) -> dict[str, Any]:
    """The entry as JSON values: every column of it."""
    return {
        "id": entry.public_id,
        "organization": encode("org", entry.organization_id),
        "environment": None if entry.environment_id is None else encode("env", entry.environment_id),
        "action": entry.action,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "subject_id": entry.subject_id,
        "changes": entry.changes,
        "request_id": entry.request_id,
        "database_role": entry.database_role,
        "created_at": entry.created_at.isoformat(),
    }


def head_place(head: AuditHead) -> sealing.Place:
    name = encode("org", head.organization_id)
    return sealing.Place(name, "audit_heads", name, "sealed")


def read_head(head: AuditHead) -> Head:
    """Raises sealing.BrokenSeal when it was not this product that wrote it."""
    return _decode(sealing.unseal(settings.LICET_DATA_KEKS, head_place(head), bytes(head.sealed)))


def last_link(organization_id: UUID) -> Head:
    last = AuditLink.objects.across_tenants().filter(organization_id=organization_id).order_by("-position").first()
    return Head(last.position, bytes(last.hash)) if last else EMPTY
