"""Which jobs somebody may see: each kind names its permission in config, beside what carries it out."""

from django.conf import settings
from django.db.models import QuerySet

from tenants.models import Job
from tenants.rules.permissions import Actor

PERMISSION = "jobs:read"


def shown_to(actor: Actor, rows: QuerySet[Job]) -> QuerySet[Job]:
    """Those of `rows` whose kind's permission `actor` has; a kind that config does not name asks for PERMISSION."""
    named = {kind: permission for kind, (_, permission) in settings.JOBS.items()}
    visible = [kind for kind, permission in named.items() if actor.may(permission)]
    return rows.exclude(kind__in=named.keys() - visible) if actor.may(PERMISSION) else rows.filter(kind__in=visible)
