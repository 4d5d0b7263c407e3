"""Times as pages show them: readable, in UTC, and exact for programs."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.clock import milliseconds
from verify.answer import rfc3339

register = template.Library()


@register.filter
def day(moment: datetime) -> SafeString:
    """`31 Jan 2026`, for lists."""
    return _time(moment, f"{_utc(moment):%-d %b %Y}")


@register.filter
def minute(moment: datetime) -> SafeString:
    """`31 January 2026, 12:00 UTC`."""
    return _time(moment, f"{_utc(moment):%-d %B %Y, %H:%M} UTC")


@register.filter
def second(moment: datetime) -> SafeString:
    """`31 Jan 2026, 12:00:00`, for lists of what comes thick and fast; the heading says UTC."""
    return _time(moment, f"{_utc(moment):%-d %b %Y, %H:%M:%S}")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _time(moment: datetime, text: str) -> SafeString:
    exact = rfc3339(milliseconds(moment))
    return format_html('<time datetime="{0}" title="{0}">{1}</time>', exact, text)
