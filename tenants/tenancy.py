"""Where a tenant's rows are reached: one function sets the tenant, and every query says whose rows it wants.

Tenancy fails closed twice. In code, `Thing.objects.all()` raises and `Thing.objects.within(environment)` works.
In the database, row-level security shows nothing and takes nothing unless `tenant_transaction` named the organization.
The setting is a `SET LOCAL` statement, so that it ends with its transaction and would reach a distributed table.
"""

import contextlib
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from django.db import connections, models, transaction
from psycopg import sql

SETTING = "app.organization"
_shared: ContextVar[uuid.UUID | None] = ContextVar("shared", default=None)

M = TypeVar("M", bound=models.Model)


class Place(Protocol):
    """An environment, as far as tenancy goes."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def organization_id(self) -> uuid.UUID: ...


class PlaceOf(NamedTuple):
    """The environment that a row stands in."""

    id: uuid.UUID
    organization_id: uuid.UUID


def place_of(row: Any) -> PlaceOf:
    """`row` belongs to an environment."""
    return PlaceOf(row.environment_id, row.organization_id)


class Unscoped(Exception):
    """A query that does not say whose rows it wants."""


class NestedTransaction(Exception):
    """An action was called inside another's transaction; one action is one transaction."""


@contextlib.contextmanager
def tenant_transaction(organization_id: uuid.UUID, *, using: str = "default") -> Iterator[None]:
    """One transaction that sees and writes the rows of one organization. Nested only in a `shared_transaction`."""
    connection = connections[using]
    if connection.in_atomic_block:
        if using != "default" or _shared.get() != organization_id:
            raise NestedTransaction
        with transaction.atomic():
            yield
        return
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            # A literal: SET takes no parameters. The UUID is a UUID object, and psycopg quotes it.
            cursor.execute(sql.SQL("SET LOCAL app.organization TO {}").format(str(organization_id)).as_string())
        yield


@contextlib.contextmanager
def shared_transaction(organization_id: uuid.UUID) -> Iterator[None]:
    """A request's one transaction, which the `tenant_transaction`s inside it join as savepoints.

    So an action commits together with what is remembered of the request that asked for it.
    """
    with tenant_transaction(organization_id):
        token = _shared.set(organization_id)
        try:
            yield
        finally:
            _shared.reset(token)


class TenantQuerySet(models.QuerySet[M]):
    """A queryset that was told whose rows it is for."""


class TenantManager(models.Manager[M]):
    def get_queryset(self) -> models.QuerySet[M]:
        message = f"{self.model.__name__}.objects.within(…) says whose rows are wanted; a bare query does not."
        raise Unscoped(message)

    def within(self, environment: Place) -> TenantQuerySet[M]:
        return self._bound().filter(organization_id=environment.organization_id, environment_id=environment.id)

    def of_organization(self, organization_id: uuid.UUID) -> TenantQuerySet[M]:
        return self._bound().filter(organization_id=organization_id)

    def across_tenants(self) -> TenantQuerySet[M]:
        """For relay, publisher and sweeps alone: the `sweep` connection, whose role passes row-level security."""
        return TenantQuerySet(self.model, using="sweep")

    def _bound(self) -> TenantQuerySet[M]:
        return TenantQuerySet(self.model, using=self._db, hints=self._hints)  # type: ignore[attr-defined]  # Django sets it


class TenantModel(models.Model):
    """A row of one organization; its table has row-level security (tenants/migrations)."""

    organization_id = models.UUIDField(editable=False)

    objects: Any = TenantManager()

    class Meta:
        abstract = True

    def insert(self) -> Self:
        """Writes a new row; an id that exists is an error, never an update."""
        self.save(force_insert=True)
        return self
