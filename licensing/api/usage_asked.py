"""What may be asked of /v1/usage: its parameters, read and told to the document."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core import signing
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from licensing.queries.catalogue import REQUESTS
from licensing.queries.usage import GROUPS, SUBJECTS, Asked, Used
from licensing.rules.usage import KNOWN, LONGEST_DAYS, WINDOWS, hour_from, hour_of
from tenants.http.fields import Moment
from tenants.http.filters import chosen, readable
from tenants.http.lists import Parameters, bad_parameter
from verify.ground.ids import decode
from verify.ground.openapi import id_schema

DEFAULT = timedelta(days=30)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_GROUP = f"({'|'.join(GROUPS)})"

_SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "license": (id_schema("lic"), "Only what this license used. Not beside `customer`."),
    "customer": (id_schema("cus"), "Only what the licenses of this customer used."),
    "meter": (
        {"type": "string", "minLength": 1, "maxLength": 64},
        f"Its code; `{REQUESTS}` by default, or all that can be summed if `group_by` has `meter`.",
    ),
    "start": (_MOMENT, "From then on, rounded down to the hour; by default 30 days before `end`."),
    "end": (_MOMENT, "Until before then, rounded up to the hour; now by default."),
    "window": (
        {"type": "string", "enum": list(WINDOWS)},
        "A row for each in which something was used, in UTC, cut to `start` and `end`; without it one for all.",
    ),
    "group_by": (
        {"type": "string", "pattern": f"^{_GROUP}(,{_GROUP})*$"},
        "A row for each, with commas between several; a call counts for each feature it named. `outcome`: refused too.",
    ),
}
NAMES = tuple(_SHAPES)


def parameters() -> list[OpenApiParameter]:
    return [OpenApiParameter(name, shape, description=words) for name, (shape, words) in _SHAPES.items()]


class Place(NamedTuple):
    """Where a page ends, and the times that the first page was asked for: `now` may not move between pages."""

    start: datetime
    end: datetime
    after: list[str]


def cursor_to(asked: Asked, last: Used, salt: str) -> str:
    told = [asked.start.isoformat(), asked.end.isoformat(), last.place]
    return signing.Signer(salt=salt).sign_object(told, compress=True)


class Question:
    """Reads the parameters in two steps, as `meter` is known only inside the tenant's transaction."""

    def __init__(self, reading: Parameters, environment_id: UUID, now: datetime) -> None:
        self._reading = reading
        said = sorted((name, text) for name, text in reading.given.items() if name in NAMES)
        self.salt = f"usage:{environment_id}:{said}"
        self.place = reading.read("cursor", self._cursor)
        self._end = reading.read("end", _end) or (self.place.end if self.place else hour_from(now))
        self._window = reading.read("window", lambda text: chosen("window", text, WINDOWS)) or ""
        default = max(FIRST, self._end - DEFAULT)
        self._start = reading.read("start", self._begin) or (self.place.start if self.place else hour_of(default))
        self._group_by = reading.read("group_by", _group_by) or ()
        self._of = {
            f"{name}_id": found
            for name in ("license", "customer")
            if (found := reading.read(name, self._subject(name)))
        }

    def finish(self, meters: Mapping[str, str]) -> Asked:
        """`meters`: aggregation by code. Raises Refusal (400) with all that is wrong."""
        default = "" if "meter" in self._group_by else REQUESTS
        meter = self._reading.read("meter", lambda text: _meter(text, meters)) or default
        self._reading.finish()
        return Asked(self._start, self._end, meter, meters, self._window, self._group_by, self._of)

    def _cursor(self, text: str) -> Place:
        try:
            start, end, after = signing.Signer(salt=self.salt).unsign_object(text)
        except signing.BadSignature as error:
            detail = "Use `next_cursor` of the page before, with the same parameters and in the same environment."
            raise bad_parameter("cursor", detail) from error
        return Place(datetime.fromisoformat(start), datetime.fromisoformat(end), after)

    def _begin(self, text: str) -> datetime:
        start = hour_of(_moment("start", text))
        if start >= self._end:
            raise bad_parameter("start", "A time before `end`, which is now if you do not say otherwise.")
        longest = LONGEST_DAYS[self._window]
        if self._end - start > timedelta(days=longest, hours=1):  # both ends may be rounded
            per = f" by {self._window}" if self._window else ""
            raise bad_parameter("start", f"At most {longest} days before `end`{per}.", "out_of_range")
        return start

    def _subject(self, name: str) -> Any:
        prefix = SUBJECTS[name].PREFIX

        def read(text: str) -> UUID:
            if name == "customer" and "license" in self._reading.given:
                raise bad_parameter(name, "A license or a customer, not both: a license has one customer.")
            found = decode(prefix, text)
            if found is None:
                raise bad_parameter(name, f"An id that begins with {prefix}_.")
            return found

        return read


def _moment(name: str, text: str) -> datetime:
    try:
        moment = Moment().to_internal_value(text)
    except ValidationError as error:
        raise bad_parameter(name, str(Moment.default_error_messages["invalid"])) from error
    if moment >= LAST:
        raise bad_parameter(name, "A time before the year 9999.")
    return moment


def _end(text: str) -> datetime:
    end = hour_from(_moment("end", text))
    if end <= FIRST:
        raise bad_parameter("end", "A time after the beginning of 1970.")
    return end


def _group_by(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name.startswith("properties."):
            detail = "Usage is grouped by properties once usage events are taken, in a later release."
            raise bad_parameter("group_by", detail, "not_supported")
        if name not in GROUPS:
            raise bad_parameter("group_by", f"One or several of {', '.join(GROUPS)}, with commas between them.")
    return names


def _meter(text: str, meters: Mapping[str, str]) -> str:
    code = readable("meter", text)
    if code not in meters:
        raise bad_parameter("meter", "There is no meter with this code in this environment.", "not_found")
    if meters[code] not in KNOWN:
        detail = f"A meter that is `{meters[code]}` is shown once usage events are taken, in a later release."
        raise bad_parameter("meter", detail, "not_supported")
    return code
