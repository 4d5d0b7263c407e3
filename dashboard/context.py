"""What every template knows: where the viewer is, and where else they may go."""

from typing import Any

from django.http import HttpRequest

from dashboard.navigation import navigation, section_of


def place(request: HttpRequest) -> dict[str, Any]:
    """`viewer` is set by dashboard.views.viewer for pages of members; elsewhere there is none."""
    viewer = getattr(request, "viewer", None)
    if viewer is None:
        return {"viewer": None}
    groups = navigation(viewer, request.path)
    return {"viewer": viewer, "navigation": groups, "section": section_of(groups)}
