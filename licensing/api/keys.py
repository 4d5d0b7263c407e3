"""/v1/keys: issuing, changing, rotating, suspending, revoking and importing them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions import keys
from licensing.actions.importing import import_keys
from licensing.api.licenses import LicenseAnswer, ReasonBody, with_counted_seats
from licensing.models import Key, License
from licensing.queries.keys import STATUSES, with_last_use, with_status
from tenants import clock
from tenants.http.changes import Changes
from tenants.http.fields import Body, Moment, Networks, Object, Pattern, PublicId, Text, TextList, Whole
from tenants.http.filters import by_reference, by_text, chosen
from tenants.http.manners.expand import Expansion
from verify.key_format import PREFIX_PATTERN

LONGEST_OVERLAP_SECONDS = 366 * 24 * 3600
MOST_IMPORTED = 1000


class KeyAnswer(serializers.ModelSerializer[Key]):
    id = PublicId("key")
    license = PublicId("lic", source="license_id")
    status = serializers.SerializerMethodField()
    scopes = TextList(allow_null=True)
    allowed_ips = TextList()
    rotated_from = PublicId("key", source="rotated_from_id", allow_null=True)
    expires_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    suspended_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True)
    metadata = Object()
    created_at = Moment()

    expansions: ClassVar[Any] = {"license": Expansion("licenses", License, LicenseAnswer, with_counted_seats)}

    class Meta:
        model = Key
        fields: ClassVar[Any] = (
            *("id", "license", "name", "prefix", "last4", "imported", "status", "scopes", "allowed_ips", "user"),
            *("rotated_from", "expires_at", "revoked_at", "suspended_at", "last_used_at", "metadata", "created_at"),
        )

    def get_status(self, row: Key) -> str:
        return row.status(self.context["now"])


class IssuedKeyAnswer(KeyAnswer):
    """With the secret, this once."""

    secret = serializers.CharField()

    class Meta(KeyAnswer.Meta):
        fields: ClassVar[Any] = (*KeyAnswer.Meta.fields, "secret")


class KeyChange(Body):
    name = Text(max_length=200, required=False, allow_null=True)
    scopes = TextList(required=False, allow_null=True)
    expires_at = Moment(required=False, allow_null=True)
    allowed_ips = Networks(required=False)
    user = Text(max_length=200, required=False, allow_null=True)
    metadata = Object(required=False)


class KeyBody(KeyChange):
    license = PublicId("lic")
    prefix = Pattern(f"^{PREFIX_PATTERN.pattern}$", required=False)


class RotationBody(Body):
    overlap_seconds = Whole(min_value=0, max_value=LONGEST_OVERLAP_SECONDS, required=False)


class ImportedKey(KeyBody):
    """`prefix` and `last4` are for recognizing it; nothing of the key itself is kept."""

    hash = Pattern(r"^([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$")
    hash_format = serializers.ChoiceField(choices=["sha256-hex", "sha256-base64"])
    last4 = Pattern(r"^[!-~]{4}$", required=False)


class ImportBody(Body):
    keys = serializers.ListField(child=ImportedKey(), min_length=1, max_length=MOST_IMPORTED)


class ImportedKeysAnswer(serializers.Serializer[Any]):
    """A list that is never longer than one page."""

    object = serializers.ChoiceField(choices=["list"])
    data = KeyAnswer(many=True)  # type: ignore[assignment]  # a field named as DRF's property: it becomes none
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


def _by_status(rows: QuerySet[Key], text: str) -> QuerySet[Key]:
    return with_status(rows, chosen("status", text, STATUSES), clock.now())


class KeyView(Changes):
    resource = "keys"
    model = Key
    serializer_class = KeyAnswer
    filters: ClassVar[Any] = {
        "license": by_reference("license", "lic"),
        "customer": by_reference("customer", "cus", "license__customer_id"),
        "user": by_text("user"),
        "status": _by_status,
    }

    def furnished(self, rows: list[Key]) -> list[Key]:
        return with_last_use(rows, self.environment)

    @extend_schema(request=KeyBody, responses={201: IssuedKeyAnswer})
    def create(self, request: Request) -> Response:
        return self.created(keys.issue_key, KeyBody)

    @extend_schema(request=KeyChange, responses=KeyAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(keys.change_key, pk, KeyChange)

    @extend_schema(request=RotationBody, responses={201: IssuedKeyAnswer})
    @action(detail=True, methods=["post"], url_path="rotation")
    def rotation(self, request: Request, pk: str) -> Response:
        """A successor; the old key works on for `overlap_seconds`, at once no more by default."""
        return self.changed(keys.rotate_key, pk, RotationBody, status=201)

    @extend_schema(request=ReasonBody, responses=KeyAnswer)
    @action(detail=True, methods=["post"], url_path="suspension")
    def suspension(self, request: Request, pk: str) -> Response:
        return self.changed(keys.suspend_key, pk, ReasonBody)

    @extend_schema(request=None, responses={200: KeyAnswer})
    @suspension.mapping.delete
    def reinstatement(self, request: Request, pk: str) -> Response:
        return self.changed(keys.reinstate_key, pk)

    @extend_schema(request=ReasonBody, responses=KeyAnswer)
    @action(detail=True, methods=["post"], url_path="revocation")
    def revocation(self, request: Request, pk: str) -> Response:
        """For good: what was revoked stays revoked."""
        return self.changed(keys.revoke_key, pk, ReasonBody)

    @extend_schema(request=ImportBody, responses={201: ImportedKeysAnswer})
    @action(detail=False, methods=["post"], url_path="import")
    def bring_in(self, request: Request) -> Response:
        """Keys that were made elsewhere, by their SHA-256: all of them or none."""
        return self.created(import_keys, ImportBody)
