"""What the forms about people have in common: which roles are theirs to give, and the way back."""

from django.urls import reverse

from dashboard.views.asking import Back
from dashboard.views.viewer import Viewer
from tenants.rules.membership import given_by, standing_of


def roles_to_give(viewer: Viewer) -> list[str]:
    return given_by(standing_of(viewer.actor, viewer.membership.role))


def back_from(viewer: Viewer) -> Back:
    """To the members, for who may see them; who may not comes from a page of their own."""
    if viewer.actor.may("organization:read"):
        return Back(reverse("members", args=[viewer.membership.organization_id]), "Members")
    return Back(reverse("account"), "Account")
