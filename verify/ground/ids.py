"""Public ids: a type prefix and the Crockford base32 of a UUIDv7, e.g. `lic_01j9…`."""

import os
import time
import uuid
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # what ten bits are spelled as
_LENGTH = 26

# An id ends with 80 bits, which sixteen letters spell. They are made as letters, many at once, since spelling each by
# itself takes longer than all the rest; Python reads base 32 in letters of its own.
_TAIL_LETTERS, _TAIL_BYTES, _AT_ONCE = 16, 10, 256
_READ_BY_PYTHON = b"0123456789abcdefghijklmnopqrstuv"
_ANY = bytes(_READ_BY_PYTHON[byte & 0b11111] for byte in range(256))
_WITH_VERSION_7 = bytes(_READ_BY_PYTHON[0b01110 | byte & 0b1] for byte in range(256))  # the first of them
_WITH_VARIANT_10 = bytes(_READ_BY_PYTHON[0b01000 | byte & 0b10011] for byte in range(256))  # the fourth
_OURS = bytes.maketrans(_READ_BY_PYTHON, _ALPHABET.encode())
_tails: list[tuple[bytes, str]] = []  # of ids to come
os.register_at_fork(after_in_child=_tails.clear)  # or a child would make its parent's ids (Celery forks its workers)


def new_spelled(prefix: str) -> tuple[bytes, str]:
    """A UUIDv7 (RFC 9562 §5.7) and its spelling: 48 bits of milliseconds, then 74 random ones. Sorts by time."""
    try:
        tail, letters = _tails.pop()
    except IndexError:
        several = _random_tails()
        tail, letters = several.pop()
        _tails.extend(several)
    begins, first_letters = _moment(time.time_ns() // 1_000_000)
    return begins + tail, f"{prefix}_{first_letters}{letters}"


def _random_tails() -> list[tuple[bytes, str]]:
    dice = os.urandom(_TAIL_LETTERS * _AT_ONCE)
    digits = bytearray(dice.translate(_ANY))
    digits[0::_TAIL_LETTERS] = dice[0::_TAIL_LETTERS].translate(_WITH_VERSION_7)
    digits[3::_TAIL_LETTERS] = dice[3::_TAIL_LETTERS].translate(_WITH_VARIANT_10)
    letters, ends = digits.translate(_OURS).decode(), range(_TAIL_LETTERS, len(digits) + 1, _TAIL_LETTERS)
    return [
        (int(digits[end - _TAIL_LETTERS : end], 32).to_bytes(_TAIL_BYTES), letters[end - _TAIL_LETTERS : end])
        for end in ends
    ]


@lru_cache(maxsize=1024)
def _moment(milliseconds: int) -> tuple[bytes, str]:
    """How an id begins, and its first ten letters: those made together have them in common."""
    letters = "".join(_PAIRS[milliseconds >> shift & 1023] for shift in range(40, -10, -10))
    return milliseconds.to_bytes(6), letters


def new_bytes() -> bytes:
    return new_spelled("")[0]


def new_uuid() -> uuid.UUID:
    return uuid.UUID(bytes=new_bytes())


def encode(prefix: str, value: uuid.UUID) -> str:
    return encode_bytes(prefix, value.bytes)


def encode_bytes(prefix: str, value: bytes) -> str:
    """`value`: 16 bytes of a UUID."""
    high, low = int.from_bytes(value[6:11]), int.from_bytes(value[11:])
    return (
        f"{prefix}_{_moment(int.from_bytes(value[:6]))[1]}"
        f"{_PAIRS[high >> 30]}{_PAIRS[high >> 20 & 1023]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[low >> 30]}{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
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
    return new_spelled(prefix)[1]
