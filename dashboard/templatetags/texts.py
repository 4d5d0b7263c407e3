"""Documents as pages show them."""

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def as_json(document: dict[str, Any]) -> str:
    """For people: indented, and every letter as it is."""
    return json.dumps(document, indent=2, ensure_ascii=False)
