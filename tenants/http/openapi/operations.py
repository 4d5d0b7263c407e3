"""One operation of the document, read off its view: what it is called, what it takes and what it answers."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from tenants.http.openapi import names, shapes
from tenants.http.openapi.manners import SAFE, Traits, add_manners, request_headers
from tenants.models.kept import FactBearing
from verify.ground.openapi import Schema, id_schema, schema

__all__ = ["ResourceSchema", "shapes"]

_PARAMETERS = {
    "id": "Which one.",
    "limit": "How many at most.",
    "expand": "References to show whole instead of by their id, with commas between them.",
    "Idempotency-Key": "The same request under the same key has one effect and one answer, for 24 hours.",
    "If-Match": "An `ETag`: change it only if it is still as it was then.",
    "If-None-Match": "An `ETag`: answer 304 if it is still as it was then.",
    "cursor": "`next_cursor` of the page before, of this same list.",
}


class ResourceSchema(AutoSchema):
    view: Any

    def get_operation(self, *place: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*place)
        if operation is not None:
            add_manners(operation, self._traits)
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                parameter.setdefault("description", _PARAMETERS.get(name, f"Only those with this `{name}`."))
        return operation

    @property
    def _traits(self) -> Traits:
        act = getattr(self.view, "action", None)
        shows_one = "{" in self.path or act == "create"
        single = getattr(self.view, "single", False) and act != "create"
        revised = hasattr(self._model, "revision")
        return Traits(self.method, self.path, revised=revised, shows_one=shows_one, single=single)

    @property
    def _model(self) -> Any:
        return getattr(self.view, "model", None)

    @property
    def _words(self) -> names.Words:
        return names.words(self.view, self.method)

    def get_operation_id(self) -> str:
        return names.operation_id(self._words, self.method)

    def get_summary(self) -> str:
        return names.summary(self._words, self.method)

    def get_tags(self) -> list[str]:
        return [names.tag(self._words)]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it, without arguments
        """What the view's method says of itself, and what is needed to call it."""
        act = getattr(self.view, getattr(self.view, "action", None) or self.method.lower())
        scopes = (self.view.permission_for(self.view.request), *self.view.also_opened_by)
        needed = f"Needs the scope {' or '.join(f'`{scope}`' for scope in scopes)}."
        return "\n\n".join([*([inspect.cleandoc(act.__doc__)] if act.__doc__ else []), needed])

    def get_override_parameters(self) -> list[Any]:
        """A path's id is a public id, not the UUID behind it; a list takes the filters its view declares."""
        parameters = []
        if "{id}" in self.path and self._model is not None:
            shape = id_schema(self._model.PREFIX)
            parameters.append(OpenApiParameter("id", shape, OpenApiParameter.PATH))
        if getattr(self.view, "action", None) == "list":
            filters = getattr(self.view, "filters", {})
            parameters += [OpenApiParameter(name, self._filter(name, keep)) for name, keep in filters.items()]
        if (expansions := getattr(self.view, "expansions", {})) and self.method in SAFE:
            parameters.append(OpenApiParameter("expand", _expand(expansions)))
        return parameters + [
            OpenApiParameter(name, shape, OpenApiParameter.HEADER) for name, shape in request_headers(self._traits)
        ]

    def _filter(self, name: str, keep: Any) -> Schema:
        """As the filter says itself, or like the member of the same name that the list shows."""
        shape: Schema | None = getattr(keep, "schema", None)
        field = self.view.get_serializer_class()().fields.get(name)
        if shape is None and field is not None:
            shape = self._map_serializer_field(field, "request")
        told = {name: value for name, value in (shape or {"type": "string"}).items() if name != "readOnly"}
        return told | {"type": "string"} if isinstance(told.get("type"), list) else told

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return names.component(super().get_serializer_name(serializer, direction))

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:  # noqa: FBT001, FBT002 - its signature
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        return names.body_component(name)

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}List"

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Schema:  # noqa: FBT001, FBT002 - its signature
        """What is shown is always there, but for what the answer itself says it may lack."""
        found: Schema = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction == "response" and "properties" in found:
            for name, expansion in getattr(type(serializer), "expansions", {}).items():
                whole = self.resolve_serializer(expansion.serializer, direction).ref
                found["properties"][name] = {"oneOf": [found["properties"][name], whole]}
            for shown in found["properties"].values():
                shown.pop("readOnly", None)
            may_lack = getattr(type(serializer), "may_lack", ())
            found["required"] = [name for name in found["properties"] if name not in may_lack]
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        """A change of facts that the data plane could not be told of yet is 202."""
        responses: Schema = super()._get_response_bodies(direction)
        tells = self._model is not None and issubclass(self._model, FactBearing)
        if tells and self.method not in SAFE and "content" in responses.get("200", {}):
            responses["202"] = _pending(responses["200"])
        return responses


def _expand(expansions: Any) -> Schema:
    names = "|".join(expansions)
    return {"type": "string", "pattern": f"^({names})(,({names}))*$"}


def _pending(response: Schema) -> Schema:
    ((media_type, content),) = response["content"].items()
    return {
        "description": "",
        "content": {media_type: {"schema": {"allOf": [content["schema"], schema("Pending")]}}},
    }
