"""What can be decided by hand about a license or a key: suspended and back, revoked for good."""

from django.db import models

from licensing.rules.holds import Hold
from tenants.models.kept import FactBearing, InEnvironment

OPEN = models.Q(revoked_at__isnull=True, suspended_at__isnull=True)


class Held(FactBearing, InEnvironment):
    """Each reason is what whoever decided it typed."""

    suspended_at = models.DateTimeField(null=True)
    suspension_reason = models.CharField(max_length=500, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def hold(self) -> Hold:
        if self.revoked_at is not None:
            return Hold.REVOKED
        return Hold.NONE if self.suspended_at is None else Hold.SUSPENDED
