"""Where facts come from: for each kind its table and how a row becomes a fact; the list itself stands in config."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.clock import milliseconds
from tenants.models import Environment, SecretKey
from tenants.models.kept import FactBearing
from verify.facts import EnvironmentFacts, Fact, SecretKeyFacts
from verify.ground.ids import encode


class Built(NamedTuple):
    """`name` is the end of its Redis key; `revision` that of the row it was built from. Without a fact: what the row
    was told under before, and is no more.
    """

    name: str
    revision: int
    fact: Fact | None


class Source(NamedTuple):
    """`build` gets rows of `model` and may read more: what it reads later may be newer than a row's revision,
    never older, and the newer revision follows.
    """

    model: type[FactBearing]
    build: Callable[[Sequence[Any]], Iterable[Built]]


@lru_cache
def sources() -> dict[str, Source]:
    """By kind, each after those it refers to."""
    found: list[Source] = [import_string(path) for path in settings.FACT_SOURCES]
    return {source.model.FACT_KIND: source for source in found}


def _environments(rows: Sequence[Environment]) -> Iterable[Built]:
    for row in rows:
        fact = EnvironmentFacts(row.public_id, row.kind, row.on_outage, row.stale_seconds, row.has_imported_keys)
        yield Built(row.public_id, row.revision, fact)


def _secret_keys(rows: Sequence[SecretKey]) -> Iterable[Built]:
    for row in rows:
        fact = SecretKeyFacts(
            id=row.public_id,
            environment=encode(Environment.PREFIX, row.environment_id),
            scopes=tuple(row.scopes),
            expires_at=milliseconds(row.expires_at),
            revoked=row.revoked_at is not None,
        )
        yield Built(bytes(row.digest).hex(), row.revision, fact)


ENVIRONMENTS = Source(Environment, _environments)
SECRET_KEYS = Source(SecretKey, _secret_keys)
