"""Looking facts up: what is at hand, what must be fetched, and what needs no store at all."""

import asyncio
import hashlib
import itertools
import random
import string
import tracemalloc
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
import pytest

from tests.running.prove import Figure
from verify import facts, key_format
from verify.answer import render
from verify.decision import decide
from verify.digests import Pepper, imported_key_digests, key_digest, secret_key_digest
from verify.facts import (
    CatalogFacts,
    CustomerFacts,
    EnvironmentFacts,
    Fact,
    KeyFacts,
    LicenseFacts,
    PlanFacts,
    PlanTerms,
    SecretKeyFacts,
)
from verify.ground import ids
from verify.limits.prepared import prepare
from verify.request import VerifyRequest
from verify.service.facts.lookup import Caller, Found, NotHeld, Trail, find_caller, find_facts
from verify.service.facts.memory import MISSING, Held, Memory, Remembered
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable

T = TypeVar("T")

OLD, NEW = Pepper(1, b"o" * 32), Pepper(2, b"n" * 32)
SECRET, KEY = key_format.generate("lsk", "test"), key_format.generate("acme", "test")
ENVIRONMENT = EnvironmentFacts("env_1", "test", "deny", 60)
LICENSE = LicenseFacts("lic_1", "cus_1", "plan_1", 1, 0, None, None, suspended=False, revoked=False)
ALL: dict[str, Fact] = {
    ENVIRONMENT.id: ENVIRONMENT,
    "catalog": CatalogFacts({"requests": "sum"}, ()),
    LICENSE.id: LICENSE,
    "cus_1": CustomerFacts("cus_1", None),
    "plan_1": PlanFacts("plan_1", "pro", 1, {1: PlanTerms((), {})}),
}
NAMES = {"catalog": ENVIRONMENT.id}


class Store(FactStore):
    """As if connected; it may be read as often as `reads` has names."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1")
        self.held, self.trusted, self.there = Memory(), True, dict[str, Held]()

    def memory(self) -> Memory | None:
        return self.held if self.trusted else None

    def remembered(self) -> Remembered:
        return Remembered(self.held, Memory())

    async def fetch(self, kind: str, name: str) -> Held | None:
        found = self.there.get(facts.redis_key(kind, name))
        self.held.keep(kind, name, found or MISSING)
        return found

    def tell(self, fact: Fact, name: str, revision: int = 1, *, held: bool = True) -> None:
        """In Redis, and in memory too unless it must be fetched; what is in memory of it is forgotten."""
        found = Held(fact, revision)
        self.held.forget(fact.KIND, name)
        self.there[facts.redis_key(fact.KIND, name)] = found
        if held:
            self.held.keep(fact.KIND, name, found)


def told(pepper: Pepper = NEW, *, held: bool = True) -> Store:
    store = Store()
    for name, fact in ALL.items():
        store.tell(fact, NAMES.get(name, name), held=held)
    secret_key = SecretKeyFacts("skey_1", ENVIRONMENT.id, ("verify",), None, revoked=False)
    store.tell(secret_key, secret_key_digest(pepper, SECRET).hex(), held=held)
    key = KeyFacts("key_1", None, LICENSE.id, None, None, suspended=False, revoked=False)
    store.tell(key, key_digest(pepper, ENVIRONMENT.id, KEY).hex(), held=held)
    return store


def looked_up(trail: Trail, ring: tuple[Pepper, ...] = (NEW,)) -> tuple[Caller, Found]:
    caller = find_caller(trail, ring, SECRET)
    assert caller is not None
    found = find_facts(trail, ring, caller, KEY)
    assert found is not None
    return caller, found


async def fetched(store: Store, ring: tuple[Pepper, ...] = (NEW,)) -> tuple[Found, int]:
    """And in how many steps."""
    trail = Trail(store)
    for steps in itertools.count():
        try:
            return looked_up(trail, ring)[1], steps
        except NotHeld as missing:
            await trail.fetch(missing)
    raise AssertionError


def apart(telling: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a browser of other tests may keep an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, telling).result()


def test_what_is_at_hand_is_joined_once() -> None:
    store = told()
    assert looked_up(Trail(store))[1] is looked_up(Trail(store))[1]


def test_an_id_that_several_facts_have_is_held_once() -> None:
    store, digest = told(), key_digest(NEW, ENVIRONMENT.id, KEY).hex()
    for kind, name in (("key", digest), ("license", LICENSE.id), ("customer", "cus_1")):  # each with texts of its own
        fact = store.there[facts.redis_key(kind, name)].fact
        store.tell(facts.decode(kind, facts.encode(1, 1, fact)).fact, name)
    joined = looked_up(Trail(store))[1].facts
    assert joined.key.license is joined.license.id
    assert joined.license.customer is joined.customer.id


def test_a_key_with_a_license_and_a_customer_of_its_own_takes_a_kilobyte_and_a_half_at_most() -> None:
    """Of Python's objects: the facts as they are read, and what its calls leave behind."""
    store, several = told(), [key_format.generate("acme", "test") for _ in range(400)]
    encoded = [(fact.KIND, name, facts.encode(1, 10**6, fact)) for secret in several for name, fact in people(secret)]
    looked_up(Trail(store))
    caller = find_caller(Trail(store), (NEW,), SECRET)
    assert caller is not None
    tracemalloc.start()
    for kind, name, data in encoded:
        read = facts.decode(kind, data)
        facts.share(read.fact, "id", name)
        store.held.keep(kind, name, Held(read.fact, read.revision))
    for secret in several:
        found = find_facts(Trail(store), (NEW,), caller, secret)
        assert found is not None
        verdict = decide(found.facts, VerifyRequest(key=secret), 10**12)
        assert render(verdict, "req_1", 10**12)
        found.prepared = prepare(
            *(found.facts.terms, found.facts.license, found.facts.key, 0),
            usage={"requests": 1},
            meters={"requests": "sum"},
            now=10**12,
        )
        del verdict
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken / len(several) < 1536


def people(secret: str) -> list[tuple[str, Fact]]:
    """A key, its license and its customer."""
    license, customer, digest = ids.new("lic"), ids.new("cus"), key_digest(NEW, ENVIRONMENT.id, secret).hex()
    terms = LicenseFacts(license, customer, "plan_1", 1, 10**11, None, None, suspended=False, revoked=False)
    key = KeyFacts(ids.new("key"), "server", license, None, None, suspended=False, revoked=False)
    return [(digest, key), (license, terms), (customer, CustomerFacts(customer, "customer-1"))]


def test_what_is_not_held_keeps_nothing_joined() -> None:
    """Nobody would tell that it changed, and nobody would find what it holds."""
    store = told(held=False)
    store.held = Memory(current=False)
    apart(fetched(store))
    assert {(held.stands, held.joined) for held in store.there.values()} == {(False, None)}


@pytest.mark.parametrize("name", ["lic_1", "cus_1", "plan_1", "env_1", "catalog"])
def test_what_was_joined_is_joined_anew_once_a_part_is_told_anew(name: str) -> None:
    store = told()
    before = looked_up(Trail(store))[1]
    again = msgspec.structs.replace(ALL[name])  # as decoded anew
    store.tell(again, NAMES.get(name, name), revision=9)
    after = looked_up(Trail(store))[1]
    assert after is not before
    assert after.facts.revision == 9


def test_what_is_not_at_hand_is_fetched_and_found() -> None:
    found, steps = apart(fetched(told(held=False)))
    assert (found.facts.key.id, found.facts.license, steps) == ("key_1", LICENSE, 6)


def test_nothing_that_is_held_is_used_while_it_is_not_trusted() -> None:
    store = told()
    store.trusted = False
    _, steps = apart(fetched(store))
    assert steps == 6


def test_the_memory_alone_is_used_where_it_is_suspect_and_a_gap_in_it_is_no_answer() -> None:
    store = told()
    store.trusted = False
    caller, _ = looked_up(Trail(store, suspect=True))
    with pytest.raises(StoreUnavailable):
        find_facts(Trail(store, suspect=True), (NEW,), caller, key_format.generate("acme", "test"))
    store.held.clear()
    with pytest.raises(StoreUnavailable):
        find_caller(Trail(store, suspect=True), (NEW,), SECRET)


@pytest.mark.parametrize("name", ["lic_1", "cus_1", "plan_1"])
def test_a_gap_in_a_store_that_should_be_whole_is_not_taken_for_an_unknown_key(name: str) -> None:
    store = told()
    store.held.keep(ALL[name].KIND, name, MISSING)
    with pytest.raises(StoreNotReady):
        looked_up(Trail(store))


def test_a_key_is_found_by_an_older_pepper_and_says_under_what_it_should_be_found() -> None:
    found, _ = apart(fetched(told(OLD), (NEW, OLD)))
    assert found.newer_digest is not None
    assert found.newer_digest.value == key_digest(NEW, ENVIRONMENT.id, KEY)


def test_a_key_that_moves_to_the_newer_pepper_between_two_looks_is_found() -> None:
    """Neither look found it: the first came too early, the second too late."""
    store = told(OLD)
    old, new = (facts.redis_key("key", key_digest(pepper, ENVIRONMENT.id, KEY).hex()) for pepper in (OLD, NEW))
    key = store.there[old].fact

    async def look() -> Found | None:
        trail = Trail(store)
        caller = find_caller(trail, (NEW, OLD), SECRET)
        while caller is None:
            raise AssertionError
        for _ in range(10):
            try:
                return find_facts(trail, (NEW, OLD), caller, KEY)
            except NotHeld as missing:
                asked = facts.redis_key(*missing.names[0][:2])
                if asked == old:
                    del store.there[old]
                    store.held.forget(*facts.kind_and_name(old))
                    store.tell(key, new.rsplit(":", 1)[1], held=False)
                await trail.fetch(missing)
        return None

    store.held.forget(*facts.kind_and_name(old))
    secret_key = SecretKeyFacts("skey_1", ENVIRONMENT.id, ("verify",), None, revoked=False)
    store.tell(secret_key, secret_key_digest(NEW, SECRET).hex())
    found = apart(look())
    assert found is not None
    assert found.newer_digest is None


def test_who_presents_nothing_has_no_key_even_if_the_hash_of_nothing_was_imported() -> None:
    store, environment = told(), msgspec.structs.replace(ENVIRONMENT, has_imported_keys=True)
    store.tell(environment, environment.id)
    caller = find_caller(Trail(store), (NEW,), SECRET)
    assert caller is not None
    key = KeyFacts("key_2", None, LICENSE.id, None, None, suspended=False, revoked=False)
    opened = []
    for presented in ("", "made elsewhere"):
        (digest,) = imported_key_digests((NEW,), environment.id, hashlib.sha256(presented.encode()).digest())
        store.tell(key, digest.value.hex())
        opened.append(find_facts(Trail(store), (NEW,), caller, presented) is not None)
    assert opened == [False, True]


@pytest.mark.prove
def test_no_edit_of_one_character_in_a_key_makes_anybody_ask_the_store(scale: float, figure: Figure) -> None:
    """The checksum finds each of them: with nothing in memory, a look at the store would be a NotHeld."""
    store, dice, edits = Store(), random.Random(1), 0
    caller = Caller(SecretKeyFacts("skey_1", "env_1", ("verify",), None, revoked=False), ENVIRONMENT, None, 1, ())
    while edits < 200_000 * scale:
        key = key_format.generate("acme", dice.choice(("test", "live")))
        for place, letter in itertools.product(range(len(key)), string.ascii_letters + string.digits + "_- é"):
            edited = key[:place] + letter + key[place + 1 :]
            if edited != key:
                assert find_facts(Trail(store), (NEW, OLD), caller, edited) is None
                edits += 1
    with pytest.raises(NotHeld):
        find_facts(Trail(store), (NEW, OLD), caller, key)
    figure("edits refused by the checksum, without a call to Redis", edits, "")


def test_a_catalog_that_is_not_remembered_is_not_taken_for_none() -> None:
    """Without it the meters are not known, and usage would be added up in another way."""
    store = told()
    store.held.forget(CatalogFacts.KIND, ENVIRONMENT.id)
    with pytest.raises(StoreUnavailable):
        find_caller(Trail(store, suspect=True), (NEW,), SECRET)
