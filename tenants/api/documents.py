"""/openapi.json of the control plane."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tenants.http.openapi.document import document


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return HttpResponse(document(), content_type="application/json", headers={"Cache-Control": "no-cache"})
