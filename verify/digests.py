"""Keyed digests of keys: what is stored instead of a secret, and what it is found by.

A key has 178 random bits, so a fast keyed hash is enough (OWASP ASVS 5, 6.5.2); the pepper keeps a stolen
dump from being used even to check a guess. Peppers are versioned, the first of the ring makes new digests.
"""

import base64
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from verify.ground.environment import Misconfigured
from verify.ground.strength import refuse_weak
from verify.key_format import FORMAT

_LEAST_BYTES = 32
_MAKE = "echo 1:$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"


class Pepper(NamedTuple):
    version: int
    secret: bytes

    def keyed(self, message: bytes) -> bytes:
        """HMAC-SHA-256 (RFC 2104) of `message`."""
        digest = _started(self.secret).copy()
        digest.update(message)
        return digest.finalize()


class Digest(NamedTuple):
    pepper_version: int
    value: bytes


def parse_ring(text: str) -> tuple[Pepper, ...]:
    """Reads `2:<base64url>,1:<base64url>`, current first; each secret at least 32 bytes.

    Raises ValueError with a sentence that names what is wrong, never the secret.
    """
    ring = []
    for part in filter(None, (word.strip() for word in text.split(","))):
        version, _, encoded = part.partition(":")
        try:
            secret = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            number = int(version)
        except ValueError:
            message = "a ring is written 2:<base64url>,1:<base64url>, the current one first"
            raise ValueError(message) from None
        if len(secret) < _LEAST_BYTES:
            message = f"secret {number} of the ring is shorter than {_LEAST_BYTES} bytes"
            raise ValueError(message)
        ring.append(Pepper(number, secret))
    if not ring or len({pepper.version for pepper in ring}) != len(ring):
        message = "a ring needs at least one secret, and each version once"
        raise ValueError(message)
    return tuple(ring)


def read_ring(name: str, text: str, *, strict: bool) -> tuple[Pepper, ...]:
    """`name` is the setting's. Raises Misconfigured with one sentence, never with the secret."""
    try:
        ring = parse_ring(text)
    except ValueError as error:
        message = f"{name} cannot be read: {error}."
        raise Misconfigured(message) from error
    if strict:
        for pepper in ring:
            refuse_weak(f"Secret {pepper.version} of {name}", pepper.secret, least=_LEAST_BYTES, make=_MAKE)
    return ring


def key_digest(pepper: Pepper, environment: str, key: str) -> bytes:
    """A customer key's digest; `environment` is its public id."""
    return pepper.keyed(_before("key", environment) + key.encode())


def key_digests(peppers: Sequence[Pepper], environment: str, key: str) -> list[Digest]:
    """The same under every pepper, current first."""
    return [Digest(pepper.version, key_digest(pepper, environment, key)) for pepper in peppers]


def imported_key_digests(peppers: Sequence[Pepper], environment: str, sha256: bytes) -> list[Digest]:
    """The same of a key that was made elsewhere and imported by its SHA-256; it never equals one of our own."""
    scope = b"\0".join((b"key", environment.encode(), b"sha256"))
    return [Digest(pepper.version, pepper.keyed(scope + b"\0" + sha256)) for pepper in peppers]


def secret_key_digest(pepper: Pepper, secret_key: str) -> bytes:
    """Our own secret key's digest: it is what tells the environment, so none goes in."""
    return pepper.keyed(_before("secret_key", "") + secret_key.encode())


def secret_key_digests(peppers: Sequence[Pepper], secret_key: str) -> list[Digest]:
    return [Digest(pepper.version, secret_key_digest(pepper, secret_key)) for pepper in peppers]


@lru_cache(maxsize=1024)
def _before(purpose: str, scope: str) -> bytes:
    """What a digest is of, beside the secret itself."""
    return f"{purpose}\0{scope}\0{FORMAT}\0".encode()


@lru_cache(maxsize=64)
def _started(secret: bytes) -> HMAC:
    """Its key is taken in already; going on from a copy takes a third of the time of beginning anew."""
    return HMAC(secret, SHA256())
