"""Rings of versioned secrets as settings give them: named when something is wrong, and strict in production."""

from verify.digests import Pepper, parse_ring
from verify.ground.environment import Misconfigured
from verify.ground.strength import refuse_weak

_LEAST_BYTES = 32
_MAKE = "echo 1:$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"


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
