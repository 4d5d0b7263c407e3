"""How one audit entry is hashed into its organization's chain (docs/decisions/audit-chain.md)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

GENESIS = bytes(32)


class Head(NamedTuple):
    """The last link: its position, counted from 1 (0: none yet), and its hash."""

    position: int
    hash: bytes


def link(before: Head, entry: Mapping[str, Any]) -> Head:
    """SHA-256 over the hash before, the position (8 bytes, big-endian) and the entry as canonical JSON: sorted
    members, no spaces, UTF-8. `entry` holds JSON values only.
    """
    position = before.position + 1
    told = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Head(position, hashlib.sha256(before.hash + position.to_bytes(8) + told).digest())
