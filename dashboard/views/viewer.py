"""Who looks at a page: a member, in an environment of their organization or in all of it, with what they may do."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from tenants.http.request_id import request_id
from tenants.models import Environment, User
from tenants.queries.lookup import Membership, memberships
from tenants.rules.permissions import ROLES, Actor
from tenants.tenancy import tenant_transaction
from verify.ground.ids import encode

P = ParamSpec("P")


@dataclass(frozen=True)
class Viewer:
    """`environments` are those of the organization, oldest first; `memberships` are all of the person's.

    On a page of the whole organization `environment` is only where links lead to, and `is_everywhere` says so.
    """

    user: User
    membership: Membership
    environment: Environment
    environments: list[Environment]
    memberships: list[Membership]
    is_everywhere: bool = False
    request_id: str | None = None

    @property
    def actor(self) -> Actor:
        member_id = encode("mem", self.membership.member_id)
        return Actor("member", member_id, self.permissions, request_id=self.request_id)

    @property
    def permissions(self) -> frozenset[str]:
        return ROLES[self.membership.role]


MemberView = Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse]
PageView = Callable[..., HttpResponse]  # called by Django, with what the address holds


def for_members(permission: str) -> Callable[[MemberView[P]], PageView]:
    """A page of an environment.

    Strangers sign in first, members without `permission` see 403, and whoever is not a member of the environment's
    organization sees the 404 of an environment that does not exist.
    """

    def decorate(view: MemberView[P]) -> PageView:
        @functools.wraps(view)
        def page(request: HttpRequest, /, environment_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not isinstance(request.user, User):
                return to_sign_in(request)
            viewer = _admitted(request, _viewer_in(request.user, environment_id), permission)
            return view(request, viewer, *args, **kwargs)

        page.permission = permission  # type: ignore[attr-defined]  # for the matrix of roles (dashboard.management.routes)
        return page

    return decorate


def for_organization(permission: str | None) -> Callable[[MemberView[P]], PageView]:
    """A page of a whole organization, by the same rules. None: for every member, and the view says what they may."""

    def decorate(view: MemberView[P]) -> PageView:
        @functools.wraps(view)
        def page(request: HttpRequest, /, organization_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not isinstance(request.user, User):
                return to_sign_in(request)
            viewer = _admitted(request, _viewer_of(request.user, organization_id), permission)
            return view(request, viewer, *args, **kwargs)

        page.permission = permission  # type: ignore[attr-defined]  # as above
        return page

    return decorate


def _admitted(request: HttpRequest, viewer: Viewer, permission: str | None) -> Viewer:
    viewer = replace(viewer, request_id=request_id(request))
    request.viewer = viewer  # type: ignore[attr-defined]  # for dashboard.context, as Django has request.user
    if permission is not None and not viewer.actor.may(permission):
        raise PermissionDenied(permission)
    return viewer


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Else htmx would swap a redirect's page into a fragment."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(reverse("account_login"))
    return redirect_to_login(request.get_full_path())


def environments_of(organization_id: UUID) -> list[Environment]:
    """Oldest first."""
    with tenant_transaction(organization_id):
        return list(Environment.objects.of_organization(organization_id).order_by("id"))


def _viewer_in(user: User, environment_id: UUID) -> Viewer:
    found = memberships(user.pk)
    for membership in found:
        environments = environments_of(membership.organization_id)
        for environment in environments:
            if environment.id == environment_id:
                return Viewer(user, membership, environment, environments, found)
    raise Http404


def _viewer_of(user: User, organization_id: UUID) -> Viewer:
    found = memberships(user.pk)
    for membership in found:
        if membership.organization_id == organization_id:
            environments = environments_of(organization_id)
            return Viewer(user, membership, environments[0], environments, found, is_everywhere=True)
    raise Http404
