"""Public ids: a type prefix and the Crockford base32 of a UUIDv7, e.g. `lic_01j9…`."""

import os
import time
import uuid
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # what ten bits are spelled as
_LENGTH = 26
_TAIL = 10  # bytes of an id after those of its time
_AT_ONCE = 256
_VERSION_7 = bytes(0x70 | byte & 0x0F for byte in range(256))
_VARIANT_10 = bytes(0x80 | byte & 0x3F for byte in range(256))
_tails: list[bytes] = []  # of ids to come
os.register_at_fork(after_in_child=_tails.clear)  # or a child would make its parent's ids (Celery forks its workers)


def new_bytes() -> bytes:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits; sorts by time of making."""
    if not _tails:  # a call of the system for each would take longer than all the rest
        _tails.extend(_random_tails())
    return (time.time_ns() // 1_000_000).to_bytes(6) + _tails.pop()


def _random_tails() -> list[bytes]:
    several = bytearray(os.urandom(_TAIL * _AT_ONCE))
    several[0::_TAIL] = several[0::_TAIL].translate(_VERSION_7)
    several[2::_TAIL] = several[2::_TAIL].translate(_VARIANT_10)
    return [bytes(several[start : start + _TAIL]) for start in range(0, len(several), _TAIL)]


def new_uuid() -> uuid.UUID:
    return uuid.UUID(bytes=new_bytes())


def encode(prefix: str, value: uuid.UUID) -> str:
    return encode_bytes(prefix, value.bytes)


def encode_bytes(prefix: str, value: bytes) -> str:
    """`value`: 16 bytes of a UUID."""
    high, low = int.from_bytes(value[6:11]), int.from_bytes(value[11:])
    return (
        f"{prefix}_{_spelled_time(value[:6])}"
        f"{_PAIRS[high >> 30]}{_PAIRS[high >> 20 & 1023]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[low >> 30]}{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
    )


@lru_cache(maxsize=1024)
def _spelled_time(value: bytes) -> str:
    """The first ten letters: calls that come together have them in common."""
    moment = int.from_bytes(value)
    return "".join(_PAIRS[moment >> shift & 1023] for shift in range(40, -10, -10))


def decode(prefix: str, text: str) -> uuid.UUID | None:
    """The UUID in `text`, or None unless it is exactly what `encode` writes: one id has one spelling."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH or tail[0] > "7":
        return None
    number = 0
    for letter in tail:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return uuid.UUID(int=number)


def new(prefix: str) -> str:
    return encode(prefix, new_uuid())
