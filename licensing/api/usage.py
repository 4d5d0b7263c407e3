"""/v1/usage: what was used, by window and group, exactly as the ledger says."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.api.usage_asked import NAMES, Question, cursor_to, parameters
from licensing.queries.catalogue import meters_of
from licensing.queries.usage import used
from tenants import clock
from tenants.http.fields import Moment
from tenants.http.lists import DEFAULT_LIMIT, Parameters, read_limit
from tenants.http.resources import ResourceView
from tenants.tenancy import tenant_transaction


class UsageAnswer(serializers.Serializer[Any]):
    """What was used from `start` until before `end`. `group` is there if rows are grouped: public ids and codes."""

    start = Moment()
    end = Moment()
    value = serializers.FloatField()
    group = serializers.DictField(child=serializers.CharField(allow_null=True))

    may_lack: ClassVar[Any] = ("group",)


class UsageView(ResourceView):
    resource = "usage"
    serializer_class = UsageAnswer

    @extend_schema(parameters=parameters())
    def list(self, request: Request) -> Response:
        """Only what was admitted, in the order of time. The largest value of a meter that is `max`, else the sum."""
        reading = Parameters(request, {"limit", "cursor", *NAMES})
        limit = reading.read("limit", read_limit) or DEFAULT_LIMIT
        question = Question(reading, self.environment.id, clock.now())
        with tenant_transaction(self.environment.organization_id):
            asked = question.finish(meters_of(self.environment))
            after = question.place.after if question.place else ()
            found = used(asked, self.environment, most=limit + 1, after=after)
        rows, has_more = found[:limit], len(found) > limit
        shown = Moment().to_representation
        data = [
            {"start": shown(row.start), "end": shown(row.end), "value": row.value}
            | ({"group": row.group} if asked.group_by else {})
            for row in rows
        ]
        cursor = cursor_to(asked, rows[-1], question.salt) if has_more else None
        return Response({"object": "list", "data": data, "has_more": has_more, "next_cursor": cursor})
