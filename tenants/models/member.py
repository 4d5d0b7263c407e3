"""A member: a person's role in an organization."""

from django.conf import settings
from django.db import models

from tenants.models.kept import Versioned
from tenants.rules.permissions import ROLES


class Member(Versioned):
    PREFIX = "mem"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=[(role, role) for role in ROLES])

    class Meta:
        db_table = "members"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "user"], name="members_once"),
            models.CheckConstraint(condition=models.Q(role__in=sorted(ROLES)), name="members_role_known"),
        ]

    def __str__(self) -> str:
        return self.public_id
