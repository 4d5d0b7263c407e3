"""What a license or a key used, what verify decided about it, and where its limits and quotas stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms.filters import DecisionFilter, UsageForm
from dashboard.shown import shown_key, shown_license
from dashboard.shown.terms import in_words
from dashboard.shown.usage import midnight, shown_decision, shown_quota, shown_usage
from dashboard.views.licensing.subjects import key_of, license_of
from dashboard.views.viewer import Viewer, for_members
from licensing.models import Decision, Key, License
from licensing.queries import licenses
from licensing.queries.catalogue import meters_of
from licensing.queries.decisions import After, decisions_of, page_after
from licensing.queries.quota_state import CountersAway, states
from licensing.queries.usage import Asked, used
from licensing.queries.usage_lag import usage_lag
from licensing.rules.usage import hour_from
from tenants import clock
from tenants.http.lists import DEFAULT_LIMIT
from tenants.tenancy import tenant_transaction


class Subject(NamedTuple):
    """Whom a page is about. `noun` names its pages, `column` its rows of usage."""

    noun: str
    row: License | Key
    license: License
    title: str
    status: str

    @property
    def column(self) -> str:
        return f"{self.noun}_id"

    @property
    def key(self) -> Key | None:
        return self.row if isinstance(self.row, Key) else None


@require_safe
@for_members("usage:read")
def license_usage(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    return _usage(request, viewer, _of_license(viewer, license_id, now), now)


@require_safe
@for_members("usage:read")
def key_usage(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    now = clock.now()
    return _usage(request, viewer, _of_key(viewer, key_id, now), now)


@require_safe
@for_members("usage:read")
def license_decisions(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    return _decisions(request, viewer, _of_license(viewer, license_id, now), now)


@require_safe
@for_members("usage:read")
def key_decisions(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    now = clock.now()
    return _decisions(request, viewer, _of_key(viewer, key_id, now), now)


def _of_license(viewer: Viewer, license_id: UUID, now: datetime) -> Subject:
    row = license_of(viewer, license_id, now)
    return Subject("license", row, row, row.customer.name, shown_license(row, now).status)


def _of_key(viewer: Viewer, key_id: UUID, now: datetime) -> Subject:
    row = key_of(viewer, key_id)
    shown = shown_key(row, viewer.environment, now)
    license = license_of(viewer, row.license_id, now)
    return Subject("key", row, license, row.name or shown.masked, shown.status)


def _usage(request: HttpRequest, viewer: Viewer, subject: Subject, now: datetime) -> HttpResponse:
    with tenant_transaction(viewer.environment.organization_id):
        meters = meters_of(viewer.environment)
        form = UsageForm(request.GET, meters)
        meter, days = form.chosen
        start, end = midnight(now) - timedelta(days=days - 1), hour_from(now)
        asked = Asked(start, end, meter, meters, "day", ("outcome",), {subject.column: subject.row.id})
        rows = used(asked, viewer.environment)
        terms = licenses.granted(subject.license, viewer.environment)
    context = {
        "subject": subject,
        "here": "usage",
        "filter": form,
        "meter": meter,
        "usage": shown_usage(rows, start, end, meters.get(meter, "")),
        "lag": usage_lag(),
        **_limits(subject, terms, now),
    }
    return render(request, "licensing/usage/usage.html", context)


def _limits(subject: Subject, terms: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Rate limits in words, and their state with that of the quotas; `are_away` if that cannot be told now."""
    said = [said for said in in_words(terms, own=subject.license.overrides) if said.term in ("rate_limits", "quotas")]
    try:
        found = states(subject.license, terms, now, subject.key)
    except CountersAway:
        return {"terms": said, "are_away": True}
    return {"terms": said, "rates": found.rates, "quotas": [shown_quota(one) for one in found.quotas]}


class DecisionPage(NamedTuple):
    rows: Sequence[Decision]
    has_more: bool
    next_cursor: str | None


def _decisions(request: HttpRequest, viewer: Viewer, subject: Subject, now: datetime) -> HttpResponse:
    sought = DecisionFilter(request.GET)
    with tenant_transaction(viewer.environment.organization_id):
        rows = sought.narrow(decisions_of(subject.column, subject.row.id, viewer.environment, now))
        page = _page(request, rows, salt=f"decisions:{subject.row.id}")
    context = {
        "subject": subject,
        "here": "decisions",
        "filter": sought,
        "decisions": [shown_decision(row) for row in page.rows],
        "page": page,
    }
    return render(request, "licensing/usage/decisions.html", context)


def _page(request: HttpRequest, rows: Any, *, salt: str) -> DecisionPage:
    """Raises Http404 on a cursor that is not of this list, as dashboard.views.lists does."""
    signer, given = signing.Signer(salt=salt), request.GET.get("cursor")
    try:
        told = signer.unsign_object(given) if given is not None else None
    except signing.BadSignature as error:
        raise Http404 from error
    after = After(datetime.fromisoformat(told[0]), UUID(told[1])) if told else None
    found = page_after(rows, after, DEFAULT_LIMIT + 1)
    shown, has_more = found[:DEFAULT_LIMIT], len(found) > DEFAULT_LIMIT
    cursor = signer.sign_object([shown[-1].decided_at.isoformat(), str(shown[-1].id)]) if has_more else None
    return DecisionPage(shown, has_more, cursor)
