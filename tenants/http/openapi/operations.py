"""What the generated OpenAPI document says beyond the code: secret keys, public ids, filters, problem+json."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from verify.ground.problem import CONTENT_TYPE, KINDS

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "request_id")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
_TOLD = ("invalid", "unauthenticated", "forbidden", "not_found", "conflict", "too_large", "unsupported_media")


class SecretKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "tenants.http.authentication.SecretKeyAuthentication"
    name = "secret_key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - its signature
        return {"type": "http", "scheme": "bearer", "bearerFormat": "lsk_{test|live}_…"}


class ResourceSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        """A path's id is a public id, not the UUID behind it; a list takes the filters its view declares."""
        parameters = []
        if "{id}" in self.path:
            parameters.append(OpenApiParameter("id", str, OpenApiParameter.PATH))
        if getattr(self.view, "action", None) == "list":
            parameters += [OpenApiParameter(name, str) for name in getattr(self.view, "filters", ())]
        return parameters


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A post-processing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            for kind in _TOLD:
                status, title = KINDS[kind]
                operation["responses"].setdefault(
                    str(status),
                    {
                        "description": title,
                        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                )
    return result
