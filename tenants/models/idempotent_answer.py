"""What was answered to a request with an Idempotency-Key, sealed, so that the same request gets the same answer."""

from django.db import models

from tenants.models.kept import InEnvironment
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid


class IdempotentAnswer(TenantModel, InEnvironment):
    """`caller` is the actor's public id: what one secret key was answered is not for another."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    caller = models.CharField(max_length=40)
    key_digest = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotent_answers"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "caller", "key_digest"], name="idempotent_answers_key_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_answers_by_age")]

    def __str__(self) -> str:
        return str(self.id)
