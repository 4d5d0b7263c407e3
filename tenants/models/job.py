"""A job: work that outlasts its request. Whoever asked looks here for its progress and its result."""

from django.db import models

from tenants.models.kept import InEnvironment, Kept

STATUSES = ("waiting", "running", "done", "failed")


class Job(Kept, InEnvironment):
    """`progress` counts what is done of `total`, null until it is known; `attempts`, how often it was begun."""

    PREFIX = "job"

    kind = models.CharField(max_length=64)
    status = models.CharField(max_length=8, default="waiting", choices=[(status, status) for status in STATUSES])
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    result = models.JSONField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "jobs"
        constraints = [models.CheckConstraint(condition=models.Q(status__in=STATUSES), name="jobs_status_known")]
        indexes = [models.Index(fields=["organization_id", "environment_id", "-id"], name="jobs_newest_first")]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
