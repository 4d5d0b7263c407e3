"""An invitation: an address that may become a member. Its token is in the e-mail; here is its digest.

Until the mail is sent the token is here sealed, so that a worker can send it.
"""

from datetime import datetime

from django.db import models

from tenants.models.kept import Versioned
from tenants.rules.permissions import ROLES


class Invitation(Versioned):
    PREFIX = "inv"

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=[(role, role) for role in ROLES])
    token_digest = models.BinaryField(max_length=32, unique=True)
    sealed_token = models.BinaryField(null=True)
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    invited_by = models.CharField(max_length=40, null=True)  # noqa: DJ001 - the system has no id, which is not ""

    class Meta:
        db_table = "invitations"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "email"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitations_open_once",
            ),
            models.CheckConstraint(condition=models.Q(role__in=sorted(ROLES)), name="invitations_role_known"),
        ]
        indexes = [models.Index(fields=["organization_id", "-id"], name="invitations_newest_first")]

    def __str__(self) -> str:
        return self.public_id

    def status(self, now: datetime) -> str:
        """`accepted`, `revoked`, `expired` or `pending`."""
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else "pending"
