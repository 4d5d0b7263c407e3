"""Fields of bodies and answers: strict in what they take, uniform in what they show."""

import ipaddress
import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from tenants.clock import milliseconds
from verify.answer import rfc3339
from verify.ground.ids import decode, encode

LARGEST_WHOLE = 2**31 - 1
CODE_PATTERN = r"^[a-z0-9][a-z0-9._:-]{0,63}\Z"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


class Text(serializers.CharField):
    """A JSON string as it was sent: never a number made into one, never trimmed. White space alone is blank."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        if isinstance(data, str) and data.isspace() and not self.allow_blank:
            self.fail("blank")
        return super().run_validation(data)


class Email(Text, serializers.EmailField):
    """An e-mail address."""


class Whole(serializers.IntegerField):
    """A JSON integer, never a string or a boolean."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_value", LARGEST_WHOLE)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Pattern(Text, serializers.RegexField):
    """A text of a given form, from its first letter to its last."""

    def __init__(self, regex: str, **options: Any) -> None:
        super().__init__(regex=to_the_end(regex), **options)


def to_the_end(regex: str) -> str:
    """`$` lets a newline follow."""
    return regex.removesuffix("$") + r"\Z" if regex.endswith("$") else regex


class Code(Pattern):
    """A name for programs: lower case letters, digits and `. _ : -`, 64 at most."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "1 to 64 of a-z, 0-9 and . _ : -, beginning with a letter or digit."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(CODE_PATTERN, **options)


class Moment(serializers.Field):  # type: ignore[type-arg]  # DRF's generics do not exist at run time
    """RFC 3339 with an offset; shown in UTC with `Z` and milliseconds."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "A time as in RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z, between 1970 and 9999."
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = parse_datetime(data) if isinstance(data, str) and _RFC3339.fullmatch(data) else None
            if moment is None:
                self.fail("invalid")
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")
        if moment.year < 1970:  # noqa: PLR2004 - the epoch of every time on the wire
            self.fail("invalid")
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def to_representation(self, value: datetime) -> str | None:
        return rfc3339(milliseconds(value))


class PublicId(serializers.Field):  # type: ignore[type-arg]  # as above
    """A reference by public id, e.g. `cus_…`; inside it is the UUID."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "An id that begins with {prefix}_."}

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> UUID:
        found = decode(self.prefix, data) if isinstance(data, str) else None
        if found is None:
            self.fail("invalid", prefix=self.prefix)
        return found

    def to_representation(self, value: UUID) -> str:
        return encode(self.prefix, value)


class Object(serializers.Field):  # type: ignore[type-arg]  # as above
    """A JSON object of at most 8 KiB and 50 members."""

    MOST_MEMBERS, MOST_CHARACTERS = 50, 8192
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "An object of at most 50 members and 8 KiB."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or len(data) > self.MOST_MEMBERS or len(repr(data)) > self.MOST_CHARACTERS:
            self.fail("invalid")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class TextList(serializers.ListField):
    """At most 256 different texts; a scope, a property name."""

    default_error_messages: ClassVar[dict[str, Any]] = {"twice": "Each only once."}

    def __init__(self, *, longest: int = 128, **options: Any) -> None:
        super().__init__(child=Text(max_length=longest), max_length=256, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        texts: list[str] = super().to_internal_value(data)
        if len(set(texts)) < len(texts):
            self.fail("twice")
        return texts


class Networks(serializers.ListField):
    """At most 256 addresses or networks in CIDR notation, IPv4 and IPv6; an address alone is a network of one, and one
    of IPv4 that is written as IPv6 (::ffff:203.0.113.0/120) is of IPv4.
    """

    default_error_messages: ClassVar[dict[str, Any]] = {
        "network": "{text!r} is no address and no network as in 203.0.113.0/24 or 2001:db8::/32, without host bits."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(child=Text(max_length=43), max_length=256, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        networks = []
        for text in super().to_internal_value(data):
            try:
                network = ipaddress.ip_network(text)
            except ValueError:
                self.fail("network", text=text)
            if "%" in text:  # a zone has a meaning on one machine only
                self.fail("network", text=text)
            networks.append(str(_unmapped(network)))
        return list(dict.fromkeys(networks))


def _unmapped(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        address = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network((int(address or 0), network.prefixlen - _MAPPED.prefixlen))
    return network


class Body(serializers.Serializer[Any]):
    """What a request may hold: a field that is not declared is an error, not noise. Every error is told at once."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, dict) else []
        errors: dict[str, Any] = {name: [UNKNOWN_FIELD] for name in unknown}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as wrong:
            if isinstance(wrong.detail, dict):
                errors |= wrong.detail
            raise serializers.ValidationError(errors or wrong.detail) from wrong
        if errors:
            raise serializers.ValidationError(errors)
        return value


class NoBody(Body):
    """Nothing is asked for."""


UNKNOWN_FIELD = serializers.ErrorDetail("There is no such field here.", "unknown_field")
