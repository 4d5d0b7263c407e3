"""From what a stranger presents to the facts a decision needs.

Looking up never waits: what is not at hand is named by `NotHeld`, and whoever catches it fetches and looks up again.
What was found is kept joined, on the fact it was found by, for as long as each of its parts stands.
"""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from verify import key_format
from verify.decision import Facts, effective_version
from verify.digests import (
    Digest,
    Pepper,
    imported_key_digests,
    key_digest,
    key_digests,
    secret_key_digest,
    secret_key_digests,
)
from verify.facts import (
    CatalogFacts,
    CustomerFacts,
    EnvironmentFacts,
    Fact,
    KeyFacts,
    LicenseFacts,
    PlanFacts,
    SecretKeyFacts,
    share,
)
from verify.limits.prepared import Prepared
from verify.service.facts.memory import MISSING, Held, Memory, Remembered
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable

F = TypeVar("F", bound=Fact)
_KEY = KeyFacts.KIND
Name = tuple[str, str, int]  # kind and name of a fact, and which look at it


class NotHeld(Exception):
    """These facts must be fetched first (Trail.fetch)."""

    def __init__(self, names: Sequence[Name]) -> None:
        super().__init__()
        self.names = names


class Caller(msgspec.Struct, frozen=True, eq=False):
    """Who asks for a verdict: one of our secret keys, its environment, what that sells; `revision` is the highest.
    `until` is when the key ends (milliseconds), and has passed if it is revoked.
    """

    secret_key: SecretKeyFacts
    environment: EnvironmentFacts
    catalog: CatalogFacts | None
    revision: int
    parts: tuple[Held, ...]
    until: float = math.inf

    @property
    def stands(self) -> bool:
        """Whether it is what a look-up would find now. That there is no catalog is not held, so nobody would tell."""
        if self.catalog is None:
            return False
        first, second, third = self.parts
        return first.stands and second.stands and third.stands


class Found(msgspec.Struct, eq=False, gc=False):
    """The facts of one key, and what holds those that it refers to. `newer_digest` is the key's under the current
    pepper, if it was found by an older one; `prepared` is how its last call was counted, and `shard` where.
    """

    facts: Facts
    newer_digest: Digest | None
    license: Held
    customer: Held
    plan: Held
    prepared: Prepared | None = None
    shard: int | None = None

    def stands(self, caller: Caller) -> bool:
        """As long as the key itself does."""
        facts = self.facts
        if facts.environment is caller.environment and facts.catalog is caller.catalog:
            return self.license.stands and self.customer.stands and self.plan.stands
        return False


class Trail:
    """Facts as one exchange sees them: what it fetched, else what is at hand; `suspect`: what is remembered alone."""

    def __init__(self, store: FactStore, *, suspect: bool = False) -> None:
        self._store, self._suspect = store, suspect
        self._memory: Memory | Remembered | None = store.remembered() if suspect else store.memory()
        self._fetched: dict[Name, Held | None] | None = None

    def trusts(self, caller: Caller) -> bool:
        """Whether who was found before would be found again."""
        return self._memory is not None and not self._suspect and caller.stands

    def glimpse(self, kind: str, name: str) -> Held | None:
        """What is at hand, if anything."""
        if self._memory is None:
            return None
        held = self._memory.find(kind, name)
        return None if held is MISSING else held

    def held(self, kind: str, name: str, look: int = 1) -> Held | None:
        """None if there is surely no such fact, or, of a suspect trail, none remembered. Raises NotHeld.

        Another `look` at the same name is not answered by what an earlier one had fetched.
        """
        if self._fetched is not None and (kind, name, look) in self._fetched:
            return self._fetched[kind, name, look]
        held = self._memory.find(kind, name) if self._memory is not None else None
        if held is None and not self._suspect:
            raise NotHeld([(kind, name, look)])
        return None if held is MISSING else held

    def needed(self, kind: str, name: str) -> Held:
        """A fact that another one refers to: its absence means the store is not whole."""
        held = self.held(kind, name)
        if held is None:
            self.missed()
            raise StoreNotReady
        return held

    def missed(self) -> None:
        """Call before saying that there is no such thing: not remembered is not the same as not there."""
        if self._suspect:
            raise StoreUnavailable

    async def fetch(self, missing: NotHeld) -> None:
        """Raises StoreUnavailable, StoreNotReady."""
        fetched = await asyncio.gather(*(self._store.fetch(kind, name) for kind, name, _ in missing.names))
        self._fetched = (self._fetched or {}) | dict(zip(missing.names, fetched, strict=True))
        self._memory = self._store.memory()


def find_caller(trail: Trail, peppers: tuple[Pepper, ...], secret_key: str) -> Caller | None:
    held = trail.glimpse(SecretKeyFacts.KIND, secret_key_digest(peppers[0], secret_key).hex())
    if held is not None:  # so it is well spelled too
        return _joined_caller(trail, held)
    parsed = key_format.parse(secret_key)
    if parsed is None or parsed.prefix != key_format.SECRET_KEY_PREFIX:
        return None
    for digest in secret_key_digests(peppers, secret_key):
        held = trail.held(SecretKeyFacts.KIND, digest.value.hex())
        if held is not None:
            return _joined_caller(trail, held)
    trail.missed()
    return None


def _joined_caller(trail: Trail, held: Held) -> Caller:
    joined: Caller | None = held.joined
    if joined is not None and joined.stands:
        return joined
    known = cast(SecretKeyFacts, held.fact)
    environment = trail.needed(EnvironmentFacts.KIND, known.environment)
    catalog = trail.held(CatalogFacts.KIND, known.environment)
    if catalog is None:
        trail.missed()
    parts = (held, environment) if catalog is None else (held, environment, catalog)
    caller = Caller(
        known,
        cast(EnvironmentFacts, environment.fact),
        cast(CatalogFacts, catalog.fact) if catalog else None,
        max(part.revision for part in parts),
        parts,
        0 if known.revoked else math.inf if known.expires_at is None else known.expires_at,
    )
    if held.stands:
        held.joined = caller
    return caller


def find_facts(trail: Trail, peppers: tuple[Pepper, ...], caller: Caller, key: str) -> Found | None:
    """None unless the caller's environment issued `key`."""
    environment = caller.environment
    held = trail.glimpse(_KEY, key_digest(peppers[0], environment.id, key).hex())
    if held is not None:  # so it is well spelled too
        return _found(trail, caller, held, None)
    ours = key_format.parse(key) is not None
    digests = key_digests(peppers, environment.id, key) if ours else _imported_digests(peppers, environment, key)
    for number, digest in enumerate(digests):
        held = trail.held(KeyFacts.KIND, digest.value.hex())
        if held is not None:
            return _found(trail, caller, held, digests[0] if number else None)
    if len(digests) > 1:  # a key that moves to the current pepper between two looks may be found under neither
        held = trail.held(KeyFacts.KIND, digests[0].value.hex(), look=2)
        if held is not None:
            return _found(trail, caller, held, None)
    trail.missed()
    return None


def _imported_digests(peppers: tuple[Pepper, ...], environment: EnvironmentFacts, key: str) -> list[Digest]:
    """What a key made elsewhere is known by. What looks like ours with a wrong checksum is a typing error, and who
    presents nothing has no key, whatever was imported.
    """
    if not key or not environment.has_imported_keys or key_format.PATTERN.fullmatch(key):
        return []
    return imported_key_digests(peppers, environment.id, hashlib.sha256(key.encode(errors="replace")).digest())


def _found(trail: Trail, caller: Caller, held: Held, newer: Digest | None) -> Found:
    joined: Found | None = held.joined
    if joined is None or not joined.stands(caller):
        joined = _joined_facts(trail, caller, held, newer)
        if held.stands:
            held.joined = joined
    return joined


def _joined_facts(trail: Trail, caller: Caller, held: Held, newer: Digest | None) -> Found:
    known = cast(KeyFacts, held.fact)
    license_held = trail.needed(LicenseFacts.KIND, known.license)
    license = cast(LicenseFacts, license_held.fact)
    customer_held, plan_held = _both(
        trail, (CustomerFacts.KIND, license.customer, 1), (PlanFacts.KIND, license.plan, 1)
    )
    plan = cast(PlanFacts, plan_held.fact)
    if effective_version(license, plan) not in plan.versions:
        raise StoreNotReady  # the license was told before its plan's new version
    parts = (held, license_held, customer_held, plan_held)
    revision = max(part.revision for part in (*parts, *caller.parts[1:]))
    customer = cast(CustomerFacts, customer_held.fact)
    share(known, "license", license.id)
    share(license, "customer", customer.id)
    facts = Facts(caller.environment, known, license, customer, plan, revision, caller.catalog)
    return Found(facts, newer, license_held, customer_held, plan_held)


def _both(trail: Trail, first: Name, second: Name) -> tuple[Held, Held]:
    """Needed facts that do not refer to each other; fetched together."""
    missing: list[Name] = []
    for name in (first, second):
        try:
            trail.held(*name)
        except NotHeld as needed:
            missing += needed.names
    if missing:
        raise NotHeld(missing)
    return trail.needed(*first[:2]), trail.needed(*second[:2])
