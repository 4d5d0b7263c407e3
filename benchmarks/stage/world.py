"""A world for the data plane: one environment, one plan, keys with a license and a customer each, as facts in Redis.

Written as the control plane would tell it, without a control plane: what is measured is the verify service.
"""

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeVar

import msgspec

from benchmarks.stage.store import Store
from verify import facts, key_format
from verify.digests import Pepper, key_digests, secret_key_digests
from verify.ground import ids
from verify.limits.shards import backlog_key, counter_patterns, log_key, ready_key

LETTERS = string.digits + string.ascii_letters
AT_ONCE = 1000
T = TypeVar("T")
STARTED = 1_700_000_000_000  # milliseconds
PREFIX = "acme"

TERMS = facts.PlanTerms(
    scopes=("reports:read", "reports:write"),
    features={"export": True, "seats": 25},
    rate_limits=(facts.RateLimit("calls", 600, 60, 600, "license"),),
    quotas=(facts.Quota("requests", 1_000_000, "month", "deny", "license"),),
)


@dataclass(frozen=True)
class Person:
    """One customer with one license, and one of its keys."""

    number: int
    secret: str
    digest: str
    key: facts.KeyFacts
    license: facts.LicenseFacts
    customer: facts.CustomerFacts


@dataclass(frozen=True)
class World:
    """`people` makes the same ones again each time: a million need not be held."""

    keys: int
    keys_per_license: int = 1
    seed: int = 1

    @cached_property
    def environment(self) -> facts.EnvironmentFacts:
        return facts.EnvironmentFacts(numbered("env", 0), "test", "deny", 0)

    @cached_property
    def plan(self) -> facts.PlanFacts:
        return facts.PlanFacts(numbered("plan", 0), "pro", 1, {1: TERMS}, numbered("prod", 0))

    @cached_property
    def pepper(self) -> Pepper:
        return Pepper(1, random.Random(f"{self.seed}").randbytes(32))

    @cached_property
    def peppers(self) -> str:
        """As LICET_PEPPERS has it."""
        return f"1:{base64.urlsafe_b64encode(self.pepper.secret).decode().rstrip('=')}"

    @cached_property
    def secret_key(self) -> str:
        return _spelled(key_format.SECRET_KEY_PREFIX, random.Random(f"{self.seed}/secret key"))

    def secrets(self) -> Iterator[str]:
        dice = random.Random(f"{self.seed}/keys")
        return (_spelled(PREFIX, dice) for _ in range(self.keys))

    def people(self) -> Iterator[Person]:
        for number, secret in enumerate(self.secrets()):
            owner = number // self.keys_per_license
            customer = facts.CustomerFacts(numbered("cus", owner), f"customer-{owner}")
            licensed = facts.LicenseFacts(
                numbered("lic", owner),
                customer.id,
                self.plan.id,
                1,
                STARTED,
                None,
                None,
                suspended=False,
                revoked=False,
            )
            key = facts.KeyFacts(
                numbered("key", number), "server", licensed.id, None, None, suspended=False, revoked=False
            )
            yield Person(number, secret, self._digest(secret), key, licensed, customer)

    def _digest(self, secret: str) -> str:
        return key_digests([self.pepper], self.environment.id, secret)[0].value.hex()


def body(secret: str) -> dict[str, object]:
    """The key last: wrk's LuaJIT tells long texts apart by a few of their bytes, the last ones among them."""
    return {"scopes": ["reports:read"], "usage": {"requests": 1}, "key": secret}


def fill(store: Store, world: World, beside: Callable[[Person], tuple[str, bytes]] | None = None) -> None:
    """Writes the facts and the marks that say that they are whole; `beside`: what else is kept of a key, and where."""
    environment, plan = world.environment, world.plan
    secret_key = facts.SecretKeyFacts(numbered("skey", 0), environment.id, ("verify",), None, revoked=False)
    (digest,) = secret_key_digests([world.pepper], world.secret_key)
    told: list[tuple[facts.Fact, str]] = [
        (environment, environment.id),
        (plan, plan.id),
        (secret_key, digest.value.hex()),
        (facts.CatalogFacts({"requests": "sum"}, ()), environment.id),
    ]
    _tell(store, told)
    for some in _several(world.people(), AT_ONCE):
        owners = [person for person in some if person.number % world.keys_per_license == 0]
        _tell(store, [(person.key, person.digest) for person in some])
        _tell(store, [(fact, fact.id) for person in owners for fact in (person.license, person.customer)])
        if beside:
            store.client.mset(dict(map(beside, some)))
    forget_calls(store)
    store.client.set(facts.STATE_KEY, msgspec.msgpack.encode(facts.StoreState(1, 1)))


def forget_calls(store: Store) -> None:
    """As if the drain had read all: a long log would grow until it is full."""
    store.client.unlink(log_key(0), backlog_key(0))
    store.client.set(ready_key(0), "1")


def forget_counters(store: Store) -> None:
    """As if nobody had called yet."""
    for pattern in counter_patterns(0):
        for names in _several(store.client.scan_iter(pattern, count=AT_ONCE), AT_ONCE):
            store.client.unlink(*names)


def logged_calls(store: Store) -> int:
    """How many calls the log holds."""
    return int(store.client.get(backlog_key(0)) or 0)


def _several(things: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


def numbered(prefix: str, number: int) -> str:
    """A UUIDv7 of STARTED, `number` in its random part."""
    return ids.encode(prefix, uuid.UUID(int=STARTED << 80 | 0x7 << 76 | 0x2 << 62 | number))


def _tell(store: Store, several: list[tuple[facts.Fact, str]]) -> None:
    if several:
        store.client.mset({facts.redis_key(fact.KIND, name): facts.encode(1, 1, fact) for fact, name in several})


def _spelled(prefix: str, dice: random.Random) -> str:
    body = f"{prefix}_test_{key_format.MARKER}{''.join(dice.choices(LETTERS, k=30))}"
    return body + key_format.checksum(body)
