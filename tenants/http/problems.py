"""Turns refusals and framework errors into problem+json: the one place where the control plane knows HTTP's numbers."""

from collections.abc import Iterator
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from tenants.http.json import escaped
from tenants.http.request_id import request_id
from tenants.rules.refusal import NOT_FOUND, Refusal
from verify.ground.problem import CONTENT_TYPE, KINDS, FieldError, problem

log = structlog.get_logger("licet.errors")

_FRAMEWORK: tuple[tuple[type[exceptions.APIException], str], ...] = (
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media"),
    (exceptions.NotAuthenticated, "unauthenticated"),
    (exceptions.PermissionDenied, "forbidden"),
    (exceptions.ParseError, "invalid"),
    (exceptions.Throttled, "throttled"),
)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None lets a bug crash: Django answers it with `server_error` and logs the traceback."""
    refusal = _as_refusal(error)
    return None if refusal is None else problem_response(refusal, context["request"])


def problem_response(refusal: Refusal, request: Any) -> Response:
    body = _body(refusal, request)
    headers = {"WWW-Authenticate": 'Bearer realm="licet"'} if refusal.kind == "unauthenticated" else None
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def problem_answer(refusal: Refusal, request: HttpRequest) -> HttpResponse:
    """For a view that is not of the management API."""
    body = _body(refusal, request)
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def _as_refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, exceptions.ValidationError):
        return as_refusal(error)
    for error_type, kind in _FRAMEWORK:
        if isinstance(error, error_type):
            detail = NOT_FOUND if kind == "not_found" else str(error.detail)
            return Refusal(kind, kind, detail)
    return None


def as_refusal(error: exceptions.ValidationError) -> Refusal:
    """Told field by field."""
    errors = tuple(_flatten(error.get_full_details(), ""))
    return Refusal("invalid_request", "invalid", "Some fields are not valid; see `errors`.", errors=errors)


def _flatten(details: Any, pointer: str) -> Iterator[FieldError]:
    """DRF's nested details as one flat list with RFC 6901 pointers."""
    if isinstance(details, list):
        for index, item in enumerate(details):
            yield from _flatten(item, pointer if _is_leaf(item) else f"{pointer}/{index}")
    elif _is_leaf(details):
        yield FieldError(pointer, str(details["code"]), str(details["message"]))
    else:
        for name, item in details.items():
            is_of_all = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flatten(item, pointer if is_of_all else f"{pointer}/{escaped(str(name))}")


def _is_leaf(details: Any) -> bool:
    """An error, and not the errors of fields that are called `message` and `code`."""
    return isinstance(details, dict) and isinstance(details.get("message"), str)


def _body(refusal: Refusal, request: HttpRequest) -> dict[str, Any]:
    return problem(
        refusal.kind,
        refusal.code,
        refusal.detail,
        instance=request.path,
        request_id=request_id(request),
        errors=refusal.errors,
    )


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/v1/") or "text/html" not in request.headers.get("Accept", "")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    if not _wants_json(request):
        return render(request, "errors/not_found.html", status=404)
    body = _body(Refusal("not_found", "not_found", NOT_FOUND), request)
    return JsonResponse(body, status=404, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view sees it."""
    if not _wants_json(request):
        return render(request, "400.html", status=400)
    refusal = Refusal("invalid_request", "invalid", "The request is malformed.")
    if isinstance(exception, RequestDataTooBig):
        refusal = Refusal("body_too_large", "too_large", f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    body = _body(refusal, request)
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def unavailable(request: HttpRequest) -> HttpResponse:
    """A store that we need does not answer."""
    refusal = Refusal("unavailable", "unavailable", "The database or Redis does not answer now; try again shortly.")
    body = _body(refusal, request)
    if not _wants_json(request):
        return render(request, "errors/broken.html", {"request_id": body["request_id"]}, status=body["status"])
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    log.error("A bug was answered with 500", path=request.path)
    body = _body(Refusal("internal_error", "internal", "Something broke on our side; it was logged."), request)
    if _wants_json(request):
        return JsonResponse(body, status=KINDS["internal"].status, content_type=CONTENT_TYPE)
    return render(request, "errors/broken.html", {"request_id": body["request_id"]}, status=500)
