"""What every template knows: where the viewer is."""

from typing import Any

from django.http import HttpRequest


def place(request: HttpRequest) -> dict[str, Any]:
    """`viewer` is set by dashboard.views.viewer for pages of members; elsewhere there is none."""
    return {"viewer": getattr(request, "viewer", None)}
