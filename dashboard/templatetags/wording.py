"""Makes allauth's headings read like ours: capitals at the beginning of a sentence only."""

from django import template
from django.template.defaultfilters import stringfilter

register = template.Library()


@register.filter(is_safe=True)
@stringfilter
def sentence(heading: str) -> str:
    """`Two-Factor Authentication` is `Two-factor authentication`. For plain text only."""
    return " ".join(heading.split()).capitalize()
