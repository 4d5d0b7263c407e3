"""/v1/secret_keys: our own keys of this environment."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import clock
from tenants.actions.secret_keys import issue_secret_key, revoke_secret_key
from tenants.http.fields import Body, Moment, NoBody, PublicId, Text, TextList
from tenants.http.resources import ResourceView
from tenants.models import SecretKey


class SecretKeyAnswer(serializers.ModelSerializer[SecretKey]):
    id = PublicId("skey")
    scopes = TextList()
    expires_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    created_at = Moment()

    class Meta:
        model = SecretKey
        fields: ClassVar[Any] = ("id", "name", "scopes", "last4", "expires_at", "revoked_at", "created_at")


class IssuedSecretKeyAnswer(SecretKeyAnswer):
    """With the secret, this once."""

    secret = serializers.CharField()

    class Meta(SecretKeyAnswer.Meta):
        fields: ClassVar[Any] = (*SecretKeyAnswer.Meta.fields, "secret")


class SecretKeyBody(Body):
    name = Text(max_length=200)
    scopes = TextList(longest=64, min_length=1)
    expires_at = Moment(required=False, allow_null=True)


class SecretKeyView(ResourceView):
    resource = "secret_keys"
    model = SecretKey
    serializer_class = SecretKeyAnswer

    @extend_schema(request=SecretKeyBody, responses={201: IssuedSecretKeyAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(SecretKeyBody)
        row, secret = issue_secret_key(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True, shown_once={"secret": secret})

    @extend_schema(request=None, responses={200: SecretKeyAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revokes it; it stays in the list."""
        secret_key_id, _ = self.row_id(pk), self.given(NoBody)
        row = revoke_secret_key(secret_key_id, within=self.environment, by=self.actor, now=clock.now())
        return self.written(row)
