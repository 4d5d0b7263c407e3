"""/v1/jobs: work that outlasts its request."""

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers

from tenants.http.fields import Moment, PublicId
from tenants.http.filters import by_choice, by_text
from tenants.http.resources import ResourceView
from tenants.models import Environment, Job
from tenants.models.job import STATUSES
from tenants.queries.jobs import shown_to


class JobAnswer(serializers.ModelSerializer[Job]):
    """`progress` of `total`, which is null until it is known; `result` once it is done."""

    id = PublicId("job")
    result = serializers.DictField(allow_null=True)
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    created_at = Moment()

    class Meta:
        model = Job
        fields: ClassVar[Any] = (
            *("id", "kind", "status", "progress", "total", "result", "started_at", "finished_at", "created_at"),
        )


class JobView(ResourceView):
    """A job is shown to who has the permission of its kind, and to nobody else."""

    resource = "jobs"
    also_opened_by = tuple(sorted({permission for _, permission in settings.JOBS.values()}))
    model = Job
    serializer_class = JobAnswer
    filters: ClassVar[Any] = {"status": by_choice("status", STATUSES), "kind": by_text("kind")}

    def rows(self, environment: Environment) -> QuerySet[Job]:
        return shown_to(self.actor, super().rows(environment))
