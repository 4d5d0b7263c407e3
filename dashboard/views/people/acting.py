"""Doing what a form about people asks for."""

from collections.abc import Callable
from typing import TypeVar

from django import forms

from dashboard.forms import tell
from dashboard.views.viewer import Viewer
from tenants import clock
from tenants.models.kept import Versioned
from tenants.rules.membership import given_by, standing_of
from tenants.rules.refusal import Refusal

R = TypeVar("R", bound=Versioned)


def attempt(form: forms.Form, act: Callable[..., R], viewer: Viewer) -> tuple[R | None, int]:
    """The row as it is now; or None, with the answer's HTTP status and, in the form, why. Raises Http404."""
    if not form.is_valid():
        return None, 200
    try:
        row = act(within=viewer.environment, by=viewer.actor, now=clock.now(), **form.cleaned_data)
    except Refusal as refusal:
        return None, tell(form, refusal)
    return row, 200


def roles_to_give(viewer: Viewer) -> list[str]:
    return given_by(standing_of(viewer.actor, viewer.membership.role))
