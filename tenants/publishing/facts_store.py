"""Redis as the control plane writes it: facts stored only if newer, and the state that says the store is whole.

Timeout 1 s per command, no retry here: the relay comes again every 250 ms. Nothing here decides open or closed.
"""

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

_scripts = Path(__file__).parent
_decode_state = msgspec.msgpack.Decoder(StoreState).decode


class Held(NamedTuple):
    """What Redis holds under a key; `versioned` is None if it cannot be read."""

    key: str
    data: bytes
    versioned: Versioned | None


@lru_cache
def client() -> Any:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=COMMAND_SECONDS,
        socket_connect_timeout=COMMAND_SECONDS,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1),  # once: a pooled connection may have died unseen
    )


@lru_cache
def _script(name: str) -> Any:
    return client().register_script((_scripts / name).read_text())


def store(epoch: int, built: Iterable[tuple[str, Built]], *, even_if_newer: bool = False) -> None:
    """`built`: (kind, fact). `even_if_newer` is for repairs: whatever is not of this very epoch is replaced."""
    keys: list[str] = []
    arguments: list[Any] = [int(even_if_newer)]
    for kind, one in built:
        keys.append(facts.redis_key(kind, one.name))
        arguments += [epoch, one.revision, facts.encode(epoch, one.revision, one.fact)]
    for start in range(0, len(keys), BATCH):
        chunk = slice(1 + 3 * start, 1 + 3 * (start + BATCH))
        _script("store_facts.lua")(keys=keys[start : start + BATCH], args=[arguments[0], *arguments[chunk]])


def state() -> StoreState | None:
    """None when the store is not whole: new, emptied, or half rebuilt."""
    data = client().get(facts.STATE_KEY)
    try:
        return None if data is None else _decode_state(data)
    except msgspec.DecodeError:
        return None


def declare_whole(state: StoreState) -> None:
    client().set(facts.STATE_KEY, msgspec.msgpack.encode(state))


def note_revision(held: StoreState, revision: int) -> None:
    """Raises the revision of the state, unless another epoch was declared meanwhile."""
    told = StoreState(held.epoch, revision)
    _script("note_revision.lua")(
        keys=[facts.STATE_KEY], args=[msgspec.msgpack.encode(held), msgspec.msgpack.encode(told)]
    )


def older_than(epoch: int) -> Iterator[Held]:
    """Every held fact of an earlier epoch, or that cannot be read."""
    for raw in client().scan_iter(match=f"{facts.PREFIX}*", count=1000):
        key = raw.decode(errors="replace")
        if key == facts.STATE_KEY:
            continue
        held = _held(raw, key)
        if held is not None and (held.versioned is None or held.versioned.epoch < epoch):
            yield held


def delete_if_unchanged(held: Held) -> None:
    _script("delete_if_unchanged.lua")(keys=[held.key], args=[held.data])


def _held(raw: bytes, key: str) -> Held | None:
    try:
        data = client().get(raw)
    except redis.ResponseError:  # not even a string
        client().delete(raw)
        return None
    if data is None:
        return None
    try:
        return Held(key, data, facts.decode(facts.kind_and_name(key)[0], data))
    except (msgspec.DecodeError, KeyError, ValueError):
        return Held(key, data, None)
