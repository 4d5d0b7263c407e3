"""/v1/events: what happened in this environment, oldest first, in an order that nothing is ever put before."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from tenants.http.fields import Moment, PublicId
from tenants.http.filters import by_moment, by_text
from tenants.http.lists import bad_parameter
from tenants.http.resources import ResourceView
from tenants.models import Environment, Event
from verify.ground.ids import decode


class EventAnswer(serializers.ModelSerializer[Event]):
    """`subject` is the object it happened to; `data` says what changed."""

    id = PublicId("evt")
    subject = serializers.CharField(source="subject_id")
    data = serializers.DictField()  # type: ignore[assignment]  # a field named as DRF's property: it becomes none
    created_at = Moment()

    class Meta:
        model = Event
        fields = ("id", "type", "subject", "data", "request_id", "created_at")


def _position(rows: QuerySet[Event], text: str) -> int:
    """Of the event with this id. One that is gone is refused: nothing would ever come after it, and a reader that was
    away for too long would never know.
    """
    found = decode("evt", text)
    if found is None:
        raise bad_parameter("since", "A time as in RFC 3339, or the id of an event.")
    position = rows.filter(pk=found).values_list("position", flat=True).first()
    if position is None:
        raise bad_parameter("since", "There is no such event here, or none any more; begin with a time.", "not_found")
    return position


class EventView(ResourceView):
    resource = "events"
    model = Event
    serializer_class = EventAnswer
    order = "position"
    filters: ClassVar[Any] = {
        "type": by_text("type"),
        "subject": by_text("subject", "subject_id"),
        "since": by_moment("since", "created_at__gte"),
    }

    def rows(self, environment: Environment) -> QuerySet[Event]:
        return super().rows(environment).filter(position__isnull=False)

    def narrowed(self, rows: QuerySet[Event], name: str, text: str) -> QuerySet[Event]:
        """`since` is a time, or the id of an event: then those that come after it, of whatever type it is itself."""
        if name == "since" and text.startswith("evt_"):
            return rows.filter(position__gt=_position(self.rows(self.environment), text))
        return super().narrowed(rows, name, text)
