"""/v1/secret_keys: our own keys of this environment."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actions.secret_keys import change_secret_key, issue_secret_key, revoke_secret_key
from tenants.http.changes import Changes
from tenants.http.fields import Body, Moment, PublicId, Text, TextList
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


class SecretKeyChange(Body):
    name = Text(max_length=200, required=False)
    scopes = TextList(longest=64, min_length=1, required=False)
    expires_at = Moment(required=False, allow_null=True)


class SecretKeyBody(SecretKeyChange):
    name = Text(max_length=200)
    scopes = TextList(longest=64, min_length=1)


class SecretKeyView(Changes):
    resource = "secret_keys"
    model = SecretKey
    serializer_class = SecretKeyAnswer

    @extend_schema(request=SecretKeyBody, responses={201: IssuedSecretKeyAnswer})
    def create(self, request: Request) -> Response:
        return self.created(issue_secret_key, SecretKeyBody)

    @extend_schema(request=SecretKeyChange, responses=SecretKeyAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Scopes and end can only shrink."""
        return self.changed(change_secret_key, pk, SecretKeyChange)

    @extend_schema(request=None, responses={200: SecretKeyAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revokes it; it stays in the list."""
        return self.changed(revoke_secret_key, pk)
