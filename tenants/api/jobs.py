"""/v1/jobs: work that outlasts its request."""

from typing import Any, ClassVar

from rest_framework import serializers

from tenants.http.fields import Moment, PublicId
from tenants.http.filters import by_choice, by_text
from tenants.http.resources import ResourceView
from tenants.models import Job
from tenants.models.job import STATUSES


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
    resource = "jobs"
    model = Job
    serializer_class = JobAnswer
    filters: ClassVar[Any] = {"status": by_choice("status", STATUSES), "kind": by_text("kind")}
