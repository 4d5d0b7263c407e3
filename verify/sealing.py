"""Sealed secrets: AES-256-GCM under a versioned key, bound to the organization, table, row and column they stand in."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verify.digests import Pepper

_MAGIC = b"L1"
_NONCE_BYTES = 12
_HEAD_BYTES = len(_MAGIC) + 4


class Place(NamedTuple):
    """Where a sealed value stands; opened anywhere else it is refused."""

    organization: str
    table: str
    row: str
    column: str

    def associated_data(self, version: int) -> bytes:
        return "\0".join((*self, str(version))).encode()


class BrokenSeal(Exception):
    """The value was altered, stands in another place, or its key is not in the ring."""


class KeyNotInRing(BrokenSeal):
    """It names a key that the ring does not have: whether it was altered cannot be said."""


def seal(keks: Sequence[Pepper], place: Place, secret: bytes) -> bytes:
    """Magic, key version (4 bytes), nonce (12 bytes), ciphertext with its tag (NIST SP 800-38D)."""
    current = keks[0]
    nonce = os.urandom(_NONCE_BYTES)
    head = _MAGIC + current.version.to_bytes(4)
    return head + nonce + AESGCM(current.secret[:32]).encrypt(nonce, secret, place.associated_data(current.version))


def unseal(keks: Sequence[Pepper], place: Place, sealed: bytes) -> bytes:
    version = int.from_bytes(sealed[len(_MAGIC) : _HEAD_BYTES])
    kek = next((kek for kek in keks if kek.version == version), None)
    nonce, ciphertext = sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], sealed[_HEAD_BYTES + _NONCE_BYTES :]
    if not sealed.startswith(_MAGIC):
        raise BrokenSeal
    if kek is None:
        raise KeyNotInRing
    try:
        return AESGCM(kek.secret[:32]).decrypt(nonce, ciphertext, place.associated_data(version))
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal from error
