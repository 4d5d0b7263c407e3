"""The service's own OpenAPI document, and the pages that show it."""

from verify.ground.viewer import files
from verify.service.http.exchange import Exchange, Response
from verify.service.openapi.document import TITLE, document


def openapi(exchange: Exchange) -> Response:  # noqa: ARG001 - a handler's signature
    return Response(200, document().encode(), headers=(("cache-control", "no-cache"),))


def docs(exchange: Exchange) -> Response:  # noqa: ARG001 - a handler's signature
    return Response(200, *files.page(TITLE))


def docs_part(exchange: Exchange) -> Response:
    return Response(200, *files.part(exchange.path.rpartition("/")[2]))
