"""How keys are spelled: `{prefix}_{test|live}_lc{30 random}{6 checksum}`; our own `lsk_` alike."""

import re
import secrets
import string
import zlib
from typing import Literal, NamedTuple

Mode = Literal["test", "live"]

FORMAT = "lc1"  # names this spelling inside the digest, so that another one can never collide with it
SECRET_KEY_PREFIX = "lsk"  # noqa: S105 - a public prefix, not a secret
MARKER = "lc"
PATTERN = re.compile(r"([a-z0-9]{1,16})_(test|live)_lc[0-9A-Za-z]{30}([0-9A-Za-z]{6})", re.ASCII)
PREFIX_PATTERN = re.compile(r"[a-z0-9]{1,16}", re.ASCII)

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PAIRS = [greater + lesser for greater in _BASE62 for lesser in _BASE62]
_RANDOM_LENGTH = 30
_CHECKSUM_LENGTH = 6


class ParsedKey(NamedTuple):
    prefix: str
    mode: Mode
    last4: str


def generate(prefix: str, mode: Mode) -> str:
    """A new secret with 178 random bits (62^30); `prefix` is the tenant's, 1 to 16 of a-z and 0-9."""
    if not PREFIX_PATTERN.fullmatch(prefix):
        message = f"{prefix!r} is not 1 to 16 of a-z and 0-9"
        raise ValueError(message)
    body = f"{prefix}_{mode}_{MARKER}" + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_LENGTH))
    return body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 of everything before it, six base62 digits: a typing error is refused without asking any store."""
    rest, least = divmod(zlib.crc32(body.encode("ascii")), len(_PAIRS))
    greatest, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[greatest] + _PAIRS[middle] + _PAIRS[least]


def parse(text: str) -> ParsedKey | None:
    """What a presented key says of itself, or None for anything that we cannot have issued."""
    match = PATTERN.fullmatch(text)
    if match is None or checksum(text[:-_CHECKSUM_LENGTH]) != match.group(3):
        return None
    mode: Mode = "live" if match.group(2) == "live" else "test"
    return ParsedKey(match.group(1), mode, text[-4:])
