"""One way to list, read and write any resource of an environment; an app's views say only what is theirs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import clock
from tenants.http.lists import DEFAULT_LIMIT, CursorList, Page, Parameters, bad_parameter, read_cursor, read_limit
from tenants.models import Environment
from tenants.models.kept import FactBearing, Kept
from tenants.queries.propagation import is_told
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, not_found
from tenants.tenancy import tenant_transaction
from verify.ground.ids import decode

SAFE = ("GET", "HEAD", "OPTIONS")
Rows = list[Any]
Filter = Callable[[QuerySet[Any], str], QuerySet[Any]]


def by_reference(field: str, prefix: str) -> Filter:
    """Keeps the rows whose `field` is the given public id; an unknown one keeps none."""

    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = decode(prefix, text)
        if found is None:
            raise bad_parameter(field, f"An id that begins with {prefix}_.")
        return rows.filter(**{f"{field}_id": found})

    return keep


class ResourceView(viewsets.GenericViewSet[Any]):
    """`resource` names the permission (`{resource}:read`, `:write`) and the lists' cursors."""

    resource: ClassVar[str]
    model: ClassVar[type[Kept]]
    filters: ClassVar[Mapping[str, Filter]] = {}
    lookup_value_regex = "[^/]+"
    pagination_class = CursorList

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refusals in the contract's order: who calls, may they, is it there; only then what they sent."""
        super().initial(request, *args, **kwargs)
        if "pk" in kwargs and request.method not in SAFE:
            row_id = self.row_id(kwargs["pk"])
            with tenant_transaction(self.environment.organization_id):
                if not self.rows(self.environment).filter(pk=row_id).exists():
                    raise not_found()
        if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
            raise Refusal("length_required", "length_required", "Send the body with its Content-Length, not in chunks.")

    def rows(self, environment: Environment) -> QuerySet[Any]:
        found: QuerySet[Any] = self.model.objects.within(environment)
        return found

    def permission_for(self, request: Request) -> str:
        return f"{self.resource}:{'read' if request.method in SAFE else 'write'}"

    @property
    def environment(self) -> Environment:
        environment: Environment = self.request.user.environment  # type: ignore[union-attr]  # DRF's user is our Caller
        return environment

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request.user.actor  # type: ignore[union-attr]  # as above
        return actor

    def list(self, request: Request) -> Response:
        salt = f"{self.resource}:{self.environment.id}"
        reading = Parameters(request, {"limit", "cursor", *self.filters})
        limit = reading.read("limit", read_limit)
        after = reading.read("cursor", lambda text: read_cursor(text, salt))
        rows = self.rows(self.environment)
        for name, keep in self.filters.items():
            kept = reading.read(name, partial(keep, rows))
            rows = rows if kept is None else kept
        reading.finish()
        with tenant_transaction(self.environment.organization_id):
            page = Page(rows, limit=limit or DEFAULT_LIMIT, after=after, salt=salt)
            data = self.get_serializer(self.furnished(page.rows), many=True).data
        return Response({"object": "list", "data": data, "has_more": page.has_more, "next_cursor": page.next_cursor})

    def retrieve(self, request: Request, pk: str) -> Response:
        row_id = self.row_id(pk)
        with tenant_transaction(self.environment.organization_id):
            row = self.rows(self.environment).filter(pk=row_id).first()
            if row is None:
                raise not_found()
            Parameters(request, set()).finish()
            data = self.get_serializer(*self.furnished([row])).data
        return Response(data)

    def furnished(self, rows: Rows) -> Rows:
        """The rows with whatever their answer needs besides, fetched for all of them at once."""
        return rows

    def row_id(self, pk: str) -> UUID:
        found = decode(self.model.PREFIX, pk)
        if found is None:
            raise not_found()
        return found

    def given(self, body: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The checked body. Raises ValidationError, which is told field by field."""
        Parameters(self.request, set()).finish()
        serializer = body(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def written(self, row: Kept, *, created: bool = False, shown_once: dict[str, Any] | None = None) -> Response:
        """The answer to a change; 202 with `propagation: pending` while the data plane has not been told."""
        told = True
        with tenant_transaction(self.environment.organization_id):
            committed = self.rows(self.environment).get(pk=row.pk)
            data = dict(self.get_serializer(*self.furnished([committed])).data) | (shown_once or {})
            if isinstance(row, FactBearing):
                told = is_told(row)
        headers = {"Licet-Revision": str(row.revision)} if isinstance(row, FactBearing) else {}
        if created:
            headers["Location"] = f"{self.request.path.rstrip('/')}/{data['id']}"
            return Response(data, status=201, headers=headers)
        if not told:
            return Response(data | {"propagation": "pending"}, status=202, headers=headers)
        return Response(data, headers=headers)

    def get_serializer_context(self) -> dict[str, Any]:
        return {"now": clock.now()}
