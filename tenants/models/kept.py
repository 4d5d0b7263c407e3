"""What the rows of every resource have in common."""

from typing import ClassVar

from django.db import models

from tenants.tenancy import TenantModel
from verify.ground.ids import encode, new_uuid


class Kept(TenantModel):
    """A row with a public id."""

    PREFIX: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return encode(self.PREFIX, self.id)


class Versioned(Kept):
    """A row of a resource. `revision` is drawn under the row's lock at every change (tenants.publishing.outbox)."""

    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class FactBearing(Versioned):
    """A row that the data plane is told of."""

    FACT_KIND: ClassVar[str]

    class Meta:
        abstract = True


class InEnvironment(models.Model):
    """A row that belongs to one environment of its organization."""

    environment_id = models.UUIDField(editable=False)

    class Meta:
        abstract = True
