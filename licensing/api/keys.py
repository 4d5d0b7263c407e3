"""/v1/keys and their revocation."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.keys import issue_key, revoke_key
from licensing.api.licenses import ReasonBody
from licensing.models import Key
from tenants import clock
from tenants.http.fields import Body, Moment, Object, Pattern, PublicId, Text, TextList
from tenants.http.resources import ResourceView, by_reference
from verify.key_format import PREFIX_PATTERN


class KeyAnswer(serializers.ModelSerializer[Key]):
    id = PublicId("key")
    license = PublicId("lic", source="license_id")
    status = serializers.SerializerMethodField()
    scopes = TextList(allow_null=True)
    expires_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    metadata = Object()
    created_at = Moment()

    class Meta:
        model = Key
        fields: ClassVar[Any] = (
            "id",
            "license",
            "name",
            "prefix",
            "last4",
            "status",
            "scopes",
            "expires_at",
            "revoked_at",
            "metadata",
            "created_at",
        )

    def get_status(self, row: Key) -> str:
        return row.status(self.context["now"])


class IssuedKeyAnswer(KeyAnswer):
    """With the secret, this once."""

    secret = serializers.CharField()

    class Meta(KeyAnswer.Meta):
        fields: ClassVar[Any] = (*KeyAnswer.Meta.fields, "secret")


class KeyBody(Body):
    license = PublicId("lic")
    name = Text(max_length=200, required=False, allow_null=True)
    prefix = Pattern(f"^{PREFIX_PATTERN.pattern}$", required=False)
    scopes = TextList(required=False, allow_null=True)
    expires_at = Moment(required=False, allow_null=True)
    metadata = Object(required=False)


class KeyView(ResourceView):
    resource = "keys"
    model = Key
    serializer_class = KeyAnswer
    filters: ClassVar[Any] = {"license": by_reference("license", "lic")}

    @extend_schema(request=KeyBody, responses={201: IssuedKeyAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(KeyBody)
        row, secret = issue_key(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True, shown_once={"secret": secret})

    @extend_schema(request=ReasonBody, responses=KeyAnswer)
    @action(detail=True, methods=["post"], url_path="revocation")
    def revocation(self, request: Request, pk: str) -> Response:
        key_id, given = self.row_id(pk), self.given(ReasonBody)
        return self.written(revoke_key(key_id, within=self.environment, by=self.actor, now=clock.now(), **given))
