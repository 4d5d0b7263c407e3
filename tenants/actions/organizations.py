"""Making an organization: a new tenant with its first member and its two environments."""

from datetime import datetime
from typing import NamedTuple

from tenants.actions import audit
from tenants.actions.environments import furnish
from tenants.models import Environment, Member, Organization, User
from tenants.publishing.outbox import insert_and_tell
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction
from verify.ground.ids import encode, new_uuid


class NewOrganization(NamedTuple):
    organization: Organization
    environments: dict[str, Environment]
    owner: Member


def create_organization(name: str, *, owner: User, by: Actor, now: datetime) -> NewOrganization:
    """With a `test` and a `live` environment; `owner` becomes its first member."""
    organization = Organization(id=new_uuid(), name=name, created_at=now)
    with tenant_transaction(organization.id):
        organization.save(force_insert=True)
        member = Member(organization_id=organization.id, user=owner, role="owner", created_at=now)
        insert_and_tell(member, now=now)
        environments = {kind: _create_environment(organization, kind, now) for kind in ("test", "live")}
        public_id = encode("org", organization.id)
        audit.record("organization.created", member, by=by, now=now, changes={"organization": public_id, "name": name})
    return NewOrganization(organization, environments, member)


def _create_environment(organization: Organization, kind: str, now: datetime) -> Environment:
    environment = Environment(organization_id=organization.id, name=kind, kind=kind, created_at=now)
    furnish(environment, now=now)
    return environment
