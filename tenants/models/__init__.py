"""Tables of tenancy. Every one with tenant data is a TenantModel and has a row-level security policy."""

from tenants.models.audit_entry import AuditEntry, AuditHead, AuditLink, AuditWaiting
from tenants.models.environment import Environment
from tenants.models.event import Event, EventWaiting
from tenants.models.idempotent_answer import IdempotentAnswer
from tenants.models.invitation import Invitation
from tenants.models.job import Job
from tenants.models.member import Member
from tenants.models.organization import Organization
from tenants.models.outbox_entry import FactsEpoch, OutboxEntry
from tenants.models.secret_key import SecretKey
from tenants.models.user import User

__all__ = [
    "AuditEntry",
    "AuditHead",
    "AuditLink",
    "AuditWaiting",
    "Environment",
    "Event",
    "EventWaiting",
    "FactsEpoch",
    "IdempotentAnswer",
    "Invitation",
    "Job",
    "Member",
    "Organization",
    "OutboxEntry",
    "SecretKey",
    "User",
]
