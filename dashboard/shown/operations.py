"""Rows about running the product as pages show them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from dashboard.views.viewer import Viewer
from tenants.actions.jobs import UNENDED
from tenants.models import AuditEntry, Environment, Event, Job, Member, SecretKey
from tenants.tenancy import tenant_transaction
from verify.ground.ids import decode
from verify.key_format import SECRET_KEY_PREFIX


class ShownSecretKey(NamedTuple):
    row: SecretKey
    masked: str
    status: str

    @property
    def is_revoked(self) -> bool:
        return self.status == "revoked"


class Change(NamedTuple):
    """`before` is None where a value was only said, not changed."""

    name: str
    before: str | None
    after: str


class ShownEvent(NamedTuple):
    row: Event
    href: str
    changes: list[Change]


class ShownEntry(NamedTuple):
    """`actor` is a name, `href` the subject's own page, "" if it has none in this environment."""

    row: AuditEntry
    actor: str
    environment: str
    href: str
    changes: list[Change]


class ShownJob(NamedTuple):
    row: Job
    title: str
    template: str

    @property
    def is_under_way(self) -> bool:
        return self.row.status in UNENDED


def shown_secret_key(row: SecretKey, environment: Environment, now: datetime) -> ShownSecretKey:
    over = row.expires_at is not None and now >= row.expires_at
    status = "revoked" if row.revoked_at is not None else "expired" if over else "active"
    return ShownSecretKey(row, f"{SECRET_KEY_PREFIX}_{environment.kind}_…{row.last4}", status)


def shown_event(row: Event, viewer: Viewer) -> ShownEvent:
    return ShownEvent(row, href_of(row.subject_id, viewer.environment), changes_in(row.data))


_JOBS = {"audit_log.verification": ("Verification of the audit log", "operations/jobs/verification.html")}


def shown_job(row: Job) -> ShownJob:
    title, template = _JOBS.get(row.kind, (row.kind, "operations/jobs/result.html"))
    return ShownJob(row, title, template)


def shown_entries(rows: Sequence[AuditEntry], viewer: Viewer) -> list[ShownEntry]:
    names = _names(rows, viewer.environment.organization_id)
    environments = {one.id: one for one in viewer.environments}
    shown = []
    for row in rows:
        within = environments.get(row.environment_id) if row.environment_id else viewer.environment
        href = href_of(row.subject_id, within) if within else ""
        place = within.name if within and row.environment_id else ""
        shown.append(ShownEntry(row, names.get(row.actor_id or "", "System"), place, href, changes_in(row.changes)))
    return shown


def _names(rows: Sequence[AuditEntry], organization_id: UUID) -> dict[str, str]:
    """By public id: a member's address, a secret key's name; the id itself of whoever is gone."""
    ids = {row.actor_id for row in rows if row.actor_id}
    names = {public_id: public_id for public_id in ids}
    with tenant_transaction(organization_id):
        wanted = [decode(Member.PREFIX, public_id) for public_id in ids]
        members = Member.objects.of_organization(organization_id).select_related("user")
        names |= {row.public_id: row.user.email for row in members.filter(pk__in=filter(None, wanted))}
        wanted = [decode(SecretKey.PREFIX, public_id) for public_id in ids]
        keys = SecretKey.objects.of_organization(organization_id).filter(pk__in=filter(None, wanted))
        return names | {row.public_id: row.name for row in keys}


_PAGES = {
    "lic": "license",
    "key": "key",
    "cus": "customer",
    "plan": "plan",
    "prod": "product",
    "feat": "feature",
    "mtr": "meter",
    "skey": "secret_key",
    "job": "job",
}


def href_of(public_id: str, environment: Environment) -> str:
    """The page of an object of this environment, "" if there is no such page."""
    prefix = public_id.partition("_")[0]
    found = decode(prefix, public_id)
    if found is None or prefix not in _PAGES:
        return ""
    try:
        return reverse(_PAGES[prefix], args=[environment.id, found])
    except NoReverseMatch:
        return ""


def changes_in(told: Mapping[str, Any]) -> list[Change]:
    return [_change(name, value) for name, value in told.items()]


def _change(name: str, value: Any) -> Change:
    if isinstance(value, dict) and set(value) == {"from", "to"}:
        return Change(name, _text(value["from"]), _text(value["to"]))
    return Change(name, None, _text(value))


def _text(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items()) or "nothing"
    return str(value)
