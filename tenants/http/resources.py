"""One way to list and read any resource; an app's views say only what is theirs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import exceptions, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import clock
from tenants.http.lists import DEFAULT_LIMIT, CursorList, Page, Parameters, read_cursor, read_limit
from tenants.http.manners.etag import etag, is_known
from tenants.http.manners.expand import Expansion, read_expand
from tenants.http.manners.rate import SecretKeyRate, tell_rate
from tenants.models import Environment
from tenants.models.kept import Kept, Versioned
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, not_found
from tenants.tenancy import tenant_transaction
from verify.ground.ids import decode

SAFE = ("GET", "HEAD", "OPTIONS")
Rows = list[Any]
Filter = Callable[[QuerySet[Any], str], QuerySet[Any]]


class ResourceView(viewsets.GenericViewSet[Any]):
    """`resource` names the permission (`{resource}:read`, `:write`) and the lists' cursors.

    `filters` are the list's query parameters; the `expansions` of its answer are what `expand` shows whole.
    `also_opened_by` are permissions that are enough as well; `rows` are then those that they cover.
    """

    resource: ClassVar[str]
    model: ClassVar[type[Kept]]
    also_opened_by: ClassVar[tuple[str, ...]] = ()
    filters: ClassVar[Mapping[str, Filter]] = {}
    order: ClassVar[str] = "-id"
    lookup_value_regex = "[^/]+"
    pagination_class = CursorList
    throttle_classes = (SecretKeyRate,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refusals in the contract's order: who calls, may they, is it there; only then what they sent."""
        super().initial(request, *args, **kwargs)
        if self.action is None:
            raise exceptions.MethodNotAllowed(request.method or "")
        if "pk" in kwargs and request.method not in SAFE:
            row_id = self.row_id(kwargs["pk"])
            with tenant_transaction(self.environment.organization_id):
                if not self.rows(self.environment).filter(pk=row_id).exists():
                    raise not_found()
        if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
            raise Refusal("length_required", "length_required", "Send the body with its Content-Length, not in chunks.")

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        tell_rate(request, response)
        finished: Response = super().finalize_response(request, response, *args, **kwargs)
        return finished

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
        reading = Parameters(request, {"limit", "cursor", *self.filters, *self._expand_parameter})
        limit = reading.read("limit", read_limit)
        after = reading.read("cursor", lambda text: read_cursor(text, salt))
        expanded = self._expanded(reading)
        rows = self.rows(self.environment)
        with tenant_transaction(self.environment.organization_id):
            for name in self.filters:
                kept = reading.read(name, partial(self.narrowed, rows, name))
                rows = rows if kept is None else kept
            reading.finish()
            page = Page(rows, limit=limit or DEFAULT_LIMIT, after=after, salt=salt, order=self.order)
            data = self.shown(page.rows)
            self._expand(data, expanded)
        return Response({"object": "list", "data": data, "has_more": page.has_more, "next_cursor": page.next_cursor})

    def retrieve(self, request: Request, pk: str) -> Response:
        reading = Parameters(request, self._expand_parameter)
        expanded = self._expanded(reading)
        row_id = self.row_id(pk)
        with tenant_transaction(self.environment.organization_id):
            row = self.rows(self.environment).filter(pk=row_id).first()
            if row is None:
                raise not_found()
            reading.finish()
            data = self.shown([row])
            self._expand(data, expanded)
        if not isinstance(row, Versioned):
            return Response(data[0])
        tag = etag(row, data[0])
        if is_known(request, tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(data[0], headers={"ETag": tag})

    def shown(self, rows: Rows) -> Rows:
        return [dict(one) for one in self.get_serializer(self.furnished(rows), many=True).data]

    def narrowed(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """What the parameter `name` keeps of `rows`, which others may have narrowed before, in any order."""
        return self.filters[name](rows, text)

    def furnished(self, rows: Rows) -> Rows:
        """The rows with whatever their answer needs besides, fetched for all of them at once."""
        return rows

    def row_id(self, pk: str) -> UUID:
        found = decode(self.model.PREFIX, pk)
        if found is None:
            raise not_found()
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        return {"now": clock.now()}

    @property
    def expansions(self) -> Mapping[str, Expansion]:
        found: Mapping[str, Expansion] = getattr(self.serializer_class, "expansions", {})
        return found

    @property
    def _expand_parameter(self) -> set[str]:
        return {"expand"} if self.expansions else set()

    def _expanded(self, reading: Parameters) -> tuple[str, ...]:
        """Raises Refusal (403) for what the caller may not read, whatever else is wrong with the request."""
        for name in reading.given.get("expand", "").split(","):
            if name in self.expansions:
                self.expansions[name].require(self.actor)
        return reading.read("expand", lambda text: read_expand(text, self.expansions)) or ()

    def _expand(self, data: Rows, expanded: tuple[str, ...]) -> None:
        for name in expanded:
            self.expansions[name].into(data, name, self.environment, self.get_serializer_context())


class OrganizationView(ResourceView):
    """A resource of the whole organization: another permission than `*`, and no environment of its own."""

    def rows(self, environment: Environment) -> QuerySet[Any]:
        found: QuerySet[Any] = self.model.objects.of_organization(environment.organization_id)
        return found

    def permission_for(self, request: Request) -> str:
        return f"organization:{'read' if request.method in SAFE else 'write'}"
