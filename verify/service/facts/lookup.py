"""From what a stranger presents to the facts a decision needs."""

import hashlib
from typing import NamedTuple, TypeVar

from verify import key_format
from verify.decision import Facts, effective_version
from verify.digests import Digest, Pepper, imported_key_digests, key_digests, secret_key_digests
from verify.facts import (
    CatalogFacts,
    CustomerFacts,
    EnvironmentFacts,
    Fact,
    KeyFacts,
    LicenseFacts,
    PlanFacts,
    SecretKeyFacts,
)
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable

F = TypeVar("F", bound=Fact)


class Caller(NamedTuple):
    """Who asks for a verdict: one of our secret keys, its environment, and what that sells."""

    secret_key: SecretKeyFacts
    environment: EnvironmentFacts
    catalog: CatalogFacts | None


class Found(NamedTuple):
    """`newer_digest` is the key's under the current pepper, if it was found by an older one."""

    facts: Facts
    plan_version: int
    newer_digest: Digest | None


class Trail:
    """Reads facts one after another and remembers the highest revision seen; `suspect` takes them from memory alone."""

    def __init__(self, store: FactStore, *, suspect: bool = False) -> None:
        self._store, self._suspect = store, suspect
        self.revision = 0

    async def find(self, fact_type: type[F], name: str) -> F | None:
        versioned = (
            self._store.remembered(fact_type.KIND, name)
            if self._suspect
            else await self._store.get(fact_type.KIND, name)
        )
        if versioned is None:
            return None
        self.revision = max(self.revision, versioned.revision)
        assert isinstance(versioned.fact, fact_type)  # noqa: S101 - decoded as this very type
        return versioned.fact

    async def need(self, fact_type: type[F], name: str) -> F:
        """A fact that another one refers to: its absence means the store is not whole."""
        fact = await self.find(fact_type, name)
        if fact is None:
            self.missed()
            raise StoreNotReady
        return fact

    def missed(self) -> None:
        """Call before saying that there is no such thing: not remembered is not the same as not there."""
        if self._suspect:
            raise StoreUnavailable


async def find_caller(trail: Trail, peppers: tuple[Pepper, ...], secret_key: str) -> Caller | None:
    parsed = key_format.parse(secret_key)
    if parsed is None or parsed.prefix != key_format.SECRET_KEY_PREFIX:
        return None
    for digest in secret_key_digests(peppers, secret_key):
        known = await trail.find(SecretKeyFacts, digest.value.hex())
        if known is not None:
            environment = await trail.need(EnvironmentFacts, known.environment)
            return Caller(known, environment, await trail.find(CatalogFacts, environment.id))
    trail.missed()
    return None


def _digests(peppers: tuple[Pepper, ...], environment: EnvironmentFacts, key: str) -> list[Digest]:
    """What `key` may be known by. What looks like ours with a wrong checksum is a typing error, and known by none."""
    if key_format.parse(key) is not None:
        return key_digests(peppers, environment.id, key)
    if not environment.has_imported_keys or key_format.PATTERN.fullmatch(key):
        return []
    return imported_key_digests(peppers, environment.id, hashlib.sha256(key.encode(errors="replace")).digest())


async def find_facts(trail: Trail, peppers: tuple[Pepper, ...], caller: Caller, key: str) -> Found | None:
    """None unless the caller's environment issued `key`."""
    environment = caller.environment
    digests = _digests(peppers, environment, key)
    # The first once more: a key that moves to the current pepper between two looks may be found under neither.
    for digest in (*digests, *digests[:1]) if len(digests) > 1 else digests:
        known = await trail.find(KeyFacts, digest.value.hex())
        if known is not None:
            license = await trail.need(LicenseFacts, known.license)
            customer = await trail.need(CustomerFacts, license.customer)
            plan = await trail.need(PlanFacts, license.plan)
            version = effective_version(license, plan)
            if version not in plan.versions:
                raise StoreNotReady  # the license was told before its plan's new version
            facts = Facts(environment, known, license, customer, plan, trail.revision, caller.catalog)
            return Found(facts, version, None if digest is digests[0] else digests[0])
    trail.missed()
    return None
