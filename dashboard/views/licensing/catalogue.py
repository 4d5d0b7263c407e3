"""Products, features and meters: the same five pages for each, and one table of what differs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from dashboard.forms import ConfirmationForm
from dashboard.forms.catalogue import (
    FeatureForm,
    MeterForm,
    NewFeatureForm,
    NewMeterForm,
    NewProductForm,
    ProductForm,
)
from dashboard.forms.telling import ActForm
from dashboard.once import Made
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.lists import page_of
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.catalogue import change_coded, create_feature, create_meter, create_product, remove_coded
from licensing.models import Feature, Meter, Product
from licensing.models.catalogue import Coded
from licensing.queries.catalogue import plans_with
from tenants.tenancy import tenant_transaction

MOST_PLANS = 20


class Kind(NamedTuple):
    """`noun` and `plural` name the pages, `plural` the permission too; `shown` are its own columns and their labels,
    `more` those that only its own page has.
    """

    noun: str
    plural: str
    model: type[Coded]
    create: Callable[..., Coded]
    new_form: type[ActForm]
    form: type[ActForm]
    shown: dict[str, str]
    icon: str
    purpose: str
    more: Mapping[str, str] = {}

    @property
    def new(self) -> str:
        return f"new_{self.noun}"

    @property
    def change(self) -> str:
        return f"{self.noun}_change"

    @property
    def removal(self) -> str:
        return f"{self.noun}_removal"


KINDS = (
    Kind(
        *("product", "products", Product, create_product, NewProductForm, ProductForm),
        shown={"audience": "Audience"},
        icon="package",
        purpose="A product is what you sell; each plan belongs to one.",
        more={"upgrade_url": "Upgrade page"},
    ),
    Kind(
        *("feature", "features", Feature, create_feature, NewFeatureForm, FeatureForm),
        shown={"kind": "Kind"},
        icon="toggle-right",
        purpose="A feature is something that a plan grants or does not: on or off, or with a value of its own.",
    ),
    Kind(
        *("meter", "meters", Meter, create_meter, NewMeterForm, MeterForm),
        shown={
            "aggregation": "Aggregation",
            "unit": "Unit",
            "properties": "Properties",
            "stripe_event_name": "Stripe event name",
        },
        icon="gauge",
        purpose="A meter counts what your customers use, so that a plan can limit it and an invoice can show it.",
    ),
)


def addresses(kind: Kind) -> list[URLPattern]:
    reads, writes = for_members(f"{kind.plural}:read"), for_members(f"{kind.plural}:write")
    one = f"{kind.plural}/<{kind.model.PREFIX}:row_id>"
    return [
        path(kind.plural, require_safe(reads(partial(_list, kind))), name=kind.plural),
        path(f"{kind.plural}/new", ASKED_AND_DONE(writes(partial(_new, kind))), name=kind.new),
        path(one, require_safe(reads(partial(_one, kind))), name=kind.noun),
        path(f"{one}/change", ASKED_AND_DONE(writes(partial(_change, kind))), name=kind.change),
        path(f"{one}/removal", ASKED_AND_DONE(writes(partial(_remove, kind))), name=kind.removal),
    ]


def _list(kind: Kind, request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        rows = kind.model.objects.within(viewer.environment)
        page = page_of(request, rows, salt=f"{kind.plural}:{viewer.environment.id}")
    context = _context(kind, viewer, rows=[(row, _facts(kind.shown, row)) for row in page.rows], page=page)
    return render(request, "licensing/catalogue/list.html", context)


def _one(kind: Kind, request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = _row(kind, viewer, row_id)
    with tenant_transaction(viewer.environment.organization_id):
        plans = list(plans_with(row, viewer.environment).order_by("-id")[: MOST_PLANS + 1])
    shown = {"plans": plans[:MOST_PLANS], "has_more": len(plans) > MOST_PLANS}
    context = _context(kind, viewer, row=row, facts=_facts({**kind.shown, **kind.more}, row), **shown)
    return render(request, "licensing/catalogue/item.html", context)


def _new(kind: Kind, request: HttpRequest, viewer: Viewer) -> HttpResponse:
    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The {kind.noun} is created.", kind.noun, made.id)

    return ask(
        request,
        viewer,
        kind.new_form(typed(request)),
        template="licensing/catalogue/new.html",
        action=kind.create,
        done=done,
        **_context(kind, viewer, back=back_to(viewer, kind.plural.capitalize(), kind.plural)),
    )


def _change(kind: Kind, request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = _row(kind, viewer, row_id)
    known = {name: getattr(row, name) for name in kind.form.base_fields}

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The {kind.noun} is changed.", kind.noun, made.id)

    return ask(
        request,
        viewer,
        kind.form(typed(request), initial=known),
        template="licensing/catalogue/change.html",
        action=partial(change_coded, kind.model, row_id),
        done=done,
        **_context(kind, viewer, row=row, back=back_to(viewer, row.name, kind.noun, row_id)),
        seen=row,
    )


def _remove(kind: Kind, request: HttpRequest, viewer: Viewer, row_id: UUID) -> HttpResponse:
    row = _row(kind, viewer, row_id)

    def done(made: Made) -> HttpResponse:  # noqa: ARG001 - what is gone has no page
        return settled(request, viewer, f"The {kind.noun} {row.name} is removed.", kind.plural)

    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template="licensing/catalogue/removal.html",
        action=partial(remove_coded, kind.model, row_id),
        done=done,
        **_context(kind, viewer, row=row, back=back_to(viewer, row.name, kind.noun, row_id)),
    )


def _row(kind: Kind, viewer: Viewer, row_id: UUID) -> Coded:
    with tenant_transaction(viewer.environment.organization_id):
        row: Coded | None = kind.model.objects.within(viewer.environment).filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row


def _facts(shown: Mapping[str, str], row: Coded) -> list[tuple[str, str]]:
    """Each label with its value in words."""
    values = ((label, getattr(row, name)) for name, label in shown.items())
    return [(label, ", ".join(value) if isinstance(value, list) else value) for label, value in values]


def _context(kind: Kind, viewer: Viewer, **shown: Any) -> dict[str, Any]:
    return {"kind": kind, "may_change": viewer.actor.may(f"{kind.plural}:write"), **shown}
