"""Public ids: a type prefix and the Crockford base32 of a UUIDv7, e.g. `lic_01j9…`."""

import os
import time
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26


def new_uuid() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits; sorts by time of making."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def encode(prefix: str, value: uuid.UUID) -> str:
    number = value.int
    letters = [""] * _LENGTH
    for place in range(_LENGTH - 1, -1, -1):
        letters[place] = _ALPHABET[number & 31]
        number >>= 5
    return f"{prefix}_{''.join(letters)}"


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
