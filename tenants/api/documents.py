"""/openapi.json and /docs of the control plane."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tenants.http.openapi.document import TITLE, document
from verify.ground.viewer import files


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return HttpResponse(document(), content_type="application/json", headers={"Cache-Control": "no-cache"})


@require_safe
def docs(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    return _answer(files.page(TITLE))


@require_safe
def docs_part(request: HttpRequest, name: str) -> HttpResponse:
    if name not in (*files.OURS, *files.THEIRS):
        raise Http404(request.path)
    return _answer(files.part(name))


def _answer(file: files.File) -> HttpResponse:
    return HttpResponse(file.content, content_type=file.content_type, headers=dict(file.headers))
