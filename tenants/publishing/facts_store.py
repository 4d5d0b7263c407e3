"""Redis as the control plane writes it: facts stored only if newer, and the state that says the store is whole.

Timeout 1 s per command, no retry here: the relay comes again every 250 ms. Nothing here decides open or closed.
"""

import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import redis
from django.conf import settings

from tenants.publishing.sources import Built
from verify import facts
from verify.facts import StoreState, Versioned

COMMAND_SECONDS = 1.0
BATCH = 200
SCAN = 1000
REBUILDING = "rebuilding"  # outside the tracked prefix: no verify node needs to hear of it
BEAT_US = 1_000_000  # from one heartbeat to the next, however many relays there are

_scripts = Path(__file__).parent
_decode_state = msgspec.msgpack.Decoder(StoreState).decode


class Held(NamedTuple):
    """What Redis holds under a name; `versioned` is None if it cannot be read."""

    name: bytes
    data: bytes
    versioned: Versioned | None


@lru_cache
def client() -> Any:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=COMMAND_SECONDS,
        socket_connect_timeout=COMMAND_SECONDS,
        # Once, at once: a pooled connection may have died unseen. A Redis that is silent is not asked again.
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@lru_cache
def _script(name: str) -> Any:
    return client().register_script((_scripts / name).read_text())


def store(epoch: int, built: Iterable[tuple[str, Built]], *, even_if_newer: bool = False) -> list[str]:
    """`built`: (kind, fact). Gives the keys whose held fact is newer and stays.

    `even_if_newer` is for repairs: whatever is not of this very epoch is replaced.
    """
    keys: list[str] = []
    arguments: list[Any] = []
    for kind, one in built:
        keys.append(facts.redis_key(kind, one.name))
        data = b"" if one.fact is None else facts.encode(epoch, one.revision, one.fact)
        arguments += [epoch, one.revision, data]
    gave_way: list[str] = []
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        told = [int(even_if_newer), *arguments[3 * start : 3 * (start + BATCH)]]
        gave_way += [some[index - 1] for index in _script("store_facts.lua")(keys=some, args=told)]
    return gave_way


def version(key: str) -> tuple[int, int]:
    """Epoch and revision of what is held; (0, 0) for nothing readable."""
    held = _held(key, client().get(key))
    return (0, 0) if held is None or held.versioned is None else held.versioned[:2]


def run() -> str:
    """Names the present run of the Redis process: another one may have forgotten its last second."""
    return str(client().info("server")["run_id"])


def beat() -> None:
    """Gives every verify node something to hear, by which it knows how long news takes."""
    _script("beat.lua")(keys=[facts.HEARTBEAT_KEY], args=[BEAT_US])


def state() -> StoreState | None:
    """None when the store is not whole: new, emptied, or half rebuilt."""
    data = client().get(facts.STATE_KEY)
    try:
        return None if data is None else _decode_state(data)
    except (msgspec.DecodeError, ValueError):
        return None


def begin_rebuild() -> str:
    """Leaves a token that is gone if the store is emptied meanwhile."""
    token = secrets.token_hex(16)
    client().set(REBUILDING, token)
    return token


def declare_whole(token: str, state: StoreState) -> bool:
    """False if the store was emptied since `begin_rebuild`; then it must be told again."""
    told = _script("declare_whole.lua")(keys=[facts.STATE_KEY, REBUILDING], args=[token, msgspec.msgpack.encode(state)])
    return bool(told)


def note(held: StoreState, told: StoreState) -> bool:
    """Replaces the state; False if another one was declared meanwhile."""
    done = _script("note_state.lua")(
        keys=[facts.STATE_KEY], args=[msgspec.msgpack.encode(held), msgspec.msgpack.encode(told)]
    )
    return bool(done)


def of_another_epoch(epoch: int) -> Iterator[Held]:
    """Every held fact that is not of `epoch`, or that cannot be read."""
    cursor = 0
    while True:
        cursor, names = client().scan(cursor, match=f"{facts.PREFIX}*", count=SCAN)
        names = [name for name in names if name.decode(errors="replace") not in facts.NO_FACTS]
        for name, data in zip(names, client().mget(names) if names else (), strict=True):
            held = _held(name.decode(errors="replace"), data)
            if held is None:
                client().delete(name)  # not even a string
            elif held.versioned is None or held.versioned.epoch != epoch:
                yield Held(name, held.data, held.versioned)
        if cursor == 0:
            return


def delete_if_unchanged(held: Held) -> None:
    _script("delete_if_unchanged.lua")(keys=[held.name], args=[held.data])


def _held(key: str, data: bytes | None) -> Held | None:
    if data is None:
        return None
    try:
        versioned = facts.decode(facts.kind_and_name(key)[0], data)
    except (msgspec.DecodeError, KeyError, ValueError):
        versioned = None
    return Held(key.encode(), data, versioned)
