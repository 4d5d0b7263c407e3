"""What every template knows: where the viewer is, and where else they may go."""

from typing import Any

from django.http import HttpRequest

from dashboard.navigation import navigation


def place(request: HttpRequest) -> dict[str, Any]:
    """`viewer` is set by dashboard.views.viewer for pages of members; elsewhere there is none."""
    viewer = getattr(request, "viewer", None)
    return {"viewer": viewer, "navigation": navigation(viewer, request.path) if viewer else ()}
