"""The hidden field by which a form that is sent twice is known again."""

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.http.manners.once import FIELD

register = template.Library()


@register.simple_tag
def once() -> SafeString:
    """Another token each time. `autocomplete` off: else a browser puts back the old one when the page is reloaded."""
    token = secrets.token_urlsafe(16)
    return format_html('<input type="hidden" name="{}" value="{}" autocomplete="off">', FIELD, token)
