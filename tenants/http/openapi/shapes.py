"""How our own fields, bodies and secret keys look in the document: exactly what tenants.http.fields takes and shows."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from tenants.http.fields import Object
from verify.ground.openapi import SECRET_KEY, Schema, id_schema

SHOWN_MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$"


class SecretKeyScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.http.authentication.SecretKeyAuthentication"
    name = "secret_key"

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        """Each a scope that is enough, which OpenAPI 3.1 allows for any scheme."""
        view: Any = auto_schema.view
        return [{self.name: [scope]} for scope in (view.permission_for(view.request), *view.also_opened_by)]

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:  # noqa: ARG002 - its signature
        return SECRET_KEY


class BodyShape(OpenApiSerializerExtension):
    target_class = "tenants.http.fields.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Closed, and described by its own words or none: what a Body is in general is our affair."""
        found: Schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001 - as documented
        if "__doc__" not in vars(type(self.target)) or not type(self.target).__doc__:
            found.pop("description", None)
        return found | {"additionalProperties": False} if direction == "request" else found


class TextShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002 - its signature
        """Lengths and patterns are added from its validators; what is not blank has more than white space."""
        if isinstance(self.target, serializers.EmailField):
            return {"type": "string", "format": "email"}
        says_more = self.target.allow_blank or isinstance(self.target, serializers.RegexField)
        return {"type": "string"} if says_more or direction == "response" else {"type": "string", "pattern": r"\S"}


class TextListShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.TextList"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        items = auto_schema._map_serializer_field(self.target.child, direction)  # noqa: SLF001 - what it does for lists
        auto_schema._insert_field_validators(self.target.child, items)  # noqa: SLF001 - as above
        return {"type": "array", "uniqueItems": True, "items": items}


class NetworksShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.Networks"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002 - its signature
        return {"type": "array", "items": {"type": "string", "maxLength": 43}}


class MomentShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.Moment"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002 - its signature
        shown: Schema = {"type": "string", "format": "date-time"}
        if direction == "response":
            return shown | {"pattern": SHOWN_MOMENT}
        return shown | {"description": "RFC 3339 with its offset, from 1970 to 9999, kept to the millisecond."}


class PublicIdShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.PublicId"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002 - its signature
        return id_schema(self.target.prefix)


class ObjectShape(OpenApiSerializerFieldExtension):
    target_class = "tenants.http.fields.Object"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002 - its signature
        most = {"maxProperties": Object.MOST_MEMBERS, "description": "Yours; at most 8 KiB."}
        return {"type": "object", "additionalProperties": True} | most
