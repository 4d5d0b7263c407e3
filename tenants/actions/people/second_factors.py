"""Forgetting somebody's second factors: their device is lost, or the keys that sealed them are."""

from collections import Counter
from datetime import datetime

from allauth.mfa.models import Authenticator

from tenants.actions import audit
from tenants.models import Member, User
from tenants.queries.lookup import memberships
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction


def forget_second_factors(user: User, *, now: datetime) -> int:
    """Authenticator app, recovery codes and passkeys; returns how many there were. Their password alone signs in then.

    Each organization is told in its audit log, one after the other and before it is done: should that break off half
    way, doing it again tells the others too.
    """
    rows = Authenticator.objects.filter(user=user)
    found = Counter(rows.values_list("type", flat=True))
    if not found:
        return 0
    for membership in memberships(user.pk):
        with tenant_transaction(membership.organization_id):
            member = Member.objects.of_organization(membership.organization_id).get(pk=membership.member_id)
            changes = {"email": user.email, "forgotten": dict(found)}
            audit.record("member.second_factors_forgotten", member, by=system(), now=now, changes=changes)
    rows.delete()
    return found.total()
