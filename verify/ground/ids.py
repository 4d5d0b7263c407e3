"""Public ids: a type prefix and the Crockford base32 of a UUIDv7, e.g. `lic_01j9…`."""

import os
import time
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # what ten bits are spelled as
_LENGTH = 26
_AT_ONCE = 256
_dice: list[bytes] = []  # random bytes of ids to come
os.register_at_fork(after_in_child=_dice.clear)  # or a child would make its parent's ids (Celery forks its workers)


def new_bytes() -> bytes:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits; sorts by time of making."""
    try:
        dice = _dice.pop()
    except IndexError:  # a call of the system for each would take longer than all the rest
        several = os.urandom(10 * _AT_ONCE)
        dice, *rest = [several[start : start + 10] for start in range(0, len(several), 10)]
        _dice.extend(rest)
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(dice)
    value = value & ~(0xF << 76) | 0x7 << 76
    return (value & ~(0x3 << 62) | 0x2 << 62).to_bytes(16)


def new_uuid() -> uuid.UUID:
    return uuid.UUID(bytes=new_bytes())


def encode(prefix: str, value: uuid.UUID) -> str:
    return encode_bytes(prefix, value.bytes)


def encode_bytes(prefix: str, value: bytes) -> str:
    """`value`: 16 bytes of a UUID."""
    rest = int.from_bytes(value)
    low, rest = rest & (1 << 60) - 1, rest >> 60  # two numbers that are cheaper to take apart than one
    return (
        f"{prefix}_{_PAIRS[rest >> 60]}{_PAIRS[rest >> 50 & 1023]}{_PAIRS[rest >> 40 & 1023]}"
        f"{_PAIRS[rest >> 30 & 1023]}{_PAIRS[rest >> 20 & 1023]}{_PAIRS[rest >> 10 & 1023]}{_PAIRS[rest & 1023]}"
        f"{_PAIRS[low >> 50]}{_PAIRS[low >> 40 & 1023]}{_PAIRS[low >> 30 & 1023]}"
        f"{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
    )


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
