"""Accepting an invitation, for who holds its link: newcomers choose a password, others sign in first.

The link is a secret. Nothing here is kept by a cache (no-store, as everywhere) or told to another site (the referrer
stays within this one; `no-referrer` would take the Origin from the form, which its CSRF check needs), and logs show
the address without its end (verify.ground.redaction).
"""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.views.people.forms import RegistrationForm
from tenants import clock
from tenants.actions.people.acceptance import accept_as_newcomer, accept_invitation
from tenants.actions.people.accounts import person
from tenants.actions.people.tokens import digest_of
from tenants.models import User
from tenants.queries.lookup import PresentedInvitation, memberships, presented_invitation
from tenants.rules.refusal import Refusal
from verify.ground.problem import KINDS

UNKNOWN, GONE = 404, 410


@require_http_methods(["GET", "HEAD", "POST"])
def acceptance(request: HttpRequest, token: str) -> HttpResponse:
    presented = presented_invitation(digest_of(token))
    if presented is None or not presented.is_open(clock.now()):
        return _unusable(request, presented)
    if request.method != "POST":
        return _asked(request, presented, RegistrationForm(email=presented.email))
    form = RegistrationForm(request.POST, email=presented.email)
    try:
        return _accepted(request, token, presented, form)
    except Refusal as refusal:
        now_presented = presented_invitation(digest_of(token))
        if now_presented is None or not now_presented.is_open(clock.now()):
            return _unusable(request, now_presented)
        return _asked(request, presented, form, status=KINDS[refusal.kind].status)


def _accepted(request: HttpRequest, token: str, presented: PresentedInvitation, form: RegistrationForm) -> HttpResponse:
    """Raises Refusal; the step that is then asked for says what stands in the way."""
    address = reverse("organization", args=[presented.organization_id])
    if isinstance(request.user, User):
        accept_invitation(token, user=request.user, now=clock.now())
        response: HttpResponse = redirect(address)
    else:
        if not form.is_valid():
            return _asked(request, presented, form)
        member = accept_as_newcomer(token, password=form.cleaned_data["password1"], now=clock.now())
        response = perform_login(request, member.user, redirect_url=address)
    messages.success(request, f"You are a member of {presented.organization_name} now.")
    return response


def _asked(
    request: HttpRequest, presented: PresentedInvitation, form: RegistrationForm, status: int = 200
) -> HttpResponse:
    if isinstance(request.user, User):
        step = "accept" if request.user.email == presented.email else "somebody_else"
    else:
        step = "sign_in" if person(presented.email) else "register"
    context = {"invitation": presented, "form": form}
    return render(request, f"members/acceptance/{step}.html", context, status=status)


def _unusable(request: HttpRequest, presented: PresentedInvitation | None) -> HttpResponse:
    """One page whatever the reason; only who has accepted it, and is still a member, is let through."""
    if presented and isinstance(request.user, User) and request.user.email == presented.email:
        organizations = {membership.organization_id for membership in memberships(request.user.pk)}
        if presented.organization_id in organizations:
            return redirect("organization", presented.organization_id)
    return render(request, "members/acceptance/unusable.html", status=GONE if presented else UNKNOWN)
