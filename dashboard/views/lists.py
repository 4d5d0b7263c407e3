"""Lists on pages: the same cursors as the API's, as links to older rows."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from dashboard.shown import shown_key
from dashboard.views.viewer import Viewer
from licensing.models import License
from licensing.queries.keys import of_license
from tenants.http.lists import DEFAULT_LIMIT, Page, read_cursor
from tenants.rules.refusal import Refusal


def page_of(request: HttpRequest, rows: QuerySet[Any], *, salt: str, order: str = "-id") -> Page:
    """Raises Http404 on a cursor that is not of this list: such a page does not exist."""
    try:
        after = read_cursor(request.GET.get("cursor"), salt)
    except Refusal as error:
        raise Http404 from error
    return Page(rows, limit=DEFAULT_LIMIT, after=after, salt=salt, order=order)


def keys_of(request: HttpRequest, viewer: Viewer, license: License, now: datetime) -> dict[str, Any]:
    """What the fragment with a license's keys is rendered from."""
    page = page_of(request, of_license(license.id, viewer.environment), salt=f"keys:{license.id}")
    return {"keys": [shown_key(row, viewer.environment, now) for row in page.rows], "page": page}
