"""The list of plans, the page of one with its terms and versions, its forms, and its publication."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms.plans import NewPlanForm, PlanForm, PublicationForm
from dashboard.once import Made
from dashboard.shown.terms import changed_terms, in_words
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import catalogue_of, plan_of
from dashboard.views.lists import page_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.plans import change_plan, create_plan, publish_plan
from licensing.models import Plan, Product
from licensing.queries import plans
from tenants.tenancy import tenant_transaction

MOST_PRODUCTS = 500


@require_safe
@for_members("plans:read")
def plan_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        page = page_of(request, plans.with_details(viewer.environment), salt=f"plans:{viewer.environment.id}")
    return render(request, "licensing/plans/list.html", {"plans": page.rows, "page": page})


@require_safe
@for_members("plans:read")
def plan_page(request: HttpRequest, viewer: Viewer, plan_id: UUID) -> HttpResponse:
    row = plan_of(viewer, plan_id)
    with tenant_transaction(viewer.environment.organization_id):
        versions = plans.versions_of(row, viewer.environment)
        page = page_of(request, versions, salt=f"versions:{plan_id}")
        counted = plans.licenses_by_version(row, viewer.environment)
        published, latest = (
            plans.terms_of(versions.get(version=number)) for number in (row.published_version, row.latest_version)
        )
    context = {
        "plan": row,
        "terms": in_words(published),
        "draft": changed_terms(published, latest),
        "versions": [(version, counted[version.version]) for version in page.rows],
        "page": page,
    }
    return render(request, "licensing/plans/plan.html", context)


@require_safe
@for_members("plans:read")
def plan_version(request: HttpRequest, viewer: Viewer, plan_id: UUID, version: int) -> HttpResponse:
    row = plan_of(viewer, plan_id)
    with tenant_transaction(viewer.environment.organization_id):
        found = plans.versions_of(row, viewer.environment).filter(version=version).first()
    if found is None:
        raise Http404
    context = {"plan": row, "version": found, "terms": in_words(plans.terms_of(found))}
    return render(request, "licensing/plans/version.html", context)


@ASKED_AND_DONE
@for_members("plans:write")
def new_plan(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        products = list(Product.objects.within(viewer.environment).order_by("-id")[:MOST_PRODUCTS])

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, "The plan is created. Version 1 is in force.", "plan", made.id)

    return ask(
        request,
        viewer,
        NewPlanForm(typed(request), products=products, catalogue=catalogue_of(viewer)),
        template="licensing/plans/new.html",
        action=create_plan,
        done=done,
        products=products,
        back=back_to(viewer, "Plans", "plans"),
    )


@ASKED_AND_DONE
@for_members("plans:write")
def plan_change(request: HttpRequest, viewer: Viewer, plan_id: UUID) -> HttpResponse:
    row = plan_of(viewer, plan_id)
    with tenant_transaction(viewer.environment.organization_id):
        plans.with_latest_terms([row], viewer.environment)
    known = plans.terms_of(row.terms) | {"name": row.name}  # type: ignore[attr-defined]  # with_latest_terms sets it

    def done(made: Made) -> HttpResponse:  # noqa: ARG001 - the plan is in the address
        sentence = _changed(row, plan_of(viewer, plan_id))
        return settled(request, viewer, sentence, "plan", plan_id)

    return ask(
        request,
        viewer,
        PlanForm(typed(request), known=known, catalogue=catalogue_of(viewer)),
        template="licensing/plans/change.html",
        action=partial(change_plan, plan_id),
        done=done,
        **_about(viewer, row),
        seen=row,
    )


@ASKED_AND_DONE
@for_members("plans:write")
def plan_publication(request: HttpRequest, viewer: Viewer, plan_id: UUID) -> HttpResponse:
    row = plan_of(viewer, plan_id)
    with tenant_transaction(viewer.environment.organization_id):
        lifted = plans.lifted(row, viewer.environment)

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"Version {row.latest_version} is published. {told(made)}", "plan", plan_id)

    return ask(
        request,
        viewer,
        PublicationForm(typed(request), version=row.latest_version, lifted=lifted),
        template="licensing/plans/publication.html",
        action=partial(publish_plan, plan_id),
        done=done,
        **_about(viewer, row),
        seen=row,
    )


def _about(viewer: Viewer, row: Plan) -> dict[str, Any]:
    return {"plan": row, "back": back_to(viewer, row.name, "plan", row.id)}


def _changed(before: Plan, after: Plan) -> str:
    if after.latest_version == before.latest_version:
        return "The plan is changed."
    return f"Version {after.latest_version} holds the new terms. Nobody has them until you publish it."
