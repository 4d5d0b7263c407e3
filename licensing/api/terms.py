"""How features, rate limits and quotas are written in the bodies of plans and licenses."""

import re
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.http.fields import CODE_PATTERN, Body, Code, Whole

LONGEST_SECONDS = 366 * 24 * 3600
LARGEST_QUOTA = 10**15
MOST_LIMITS = 20
LONGEST_VALUE = 1000
PERIODS = ("hour", "day", "month", "billing_period", "lifetime")


@extend_schema_field({"type": "object", "additionalProperties": {"type": ["boolean", "number", "string"]}})
class Features(serializers.DictField):
    """By feature code: `true`, `false`, or a value for a configured feature."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "value": "A boolean, a number or a text of at most 1000.",
        "code": "{code!r} is no feature code: 1 to 64 of a-z, 0-9 and . _ : -.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().to_internal_value(data)
        for code, value in found.items():
            if not re.fullmatch(CODE_PATTERN, code):
                self.fail("code", code=code)
            if not isinstance(value, bool | int | float | str) or len(str(value)) > LONGEST_VALUE:
                self.fail("value")
        return found


class RateLimit(Body):
    """`limit` calls in `period_seconds`; `burst` is how many may come at once, by default all of them."""

    name = Code()
    limit = Whole(min_value=1)
    period_seconds = Whole(min_value=1, max_value=LONGEST_SECONDS)
    burst = Whole(min_value=1, required=False)
    per = serializers.ChoiceField(choices=["license", "key"], default="license")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "burst": attrs.get("burst", attrs["limit"])}


class Quota(Body):
    """`limit` units of a meter in a period; at the limit calls are denied, or allowed and counted as overage."""

    meter = Code()
    limit = Whole(min_value=0, max_value=LARGEST_QUOTA)
    period = serializers.ChoiceField(choices=PERIODS)
    overage = serializers.ChoiceField(choices=["deny", "allow"], default="deny")
    per = serializers.ChoiceField(choices=["license", "customer"], default="license")
