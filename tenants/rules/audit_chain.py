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

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"


EMPTY = Head(0, GENESIS)


def read(text: str) -> Head | None:
    """A head as it is shown, `17:3af1…`; None for anything else."""
    position, _, digest = text.partition(":")
    try:
        head = Head(int(position), bytes.fromhex(digest))
    except ValueError:
        return None
    return head if str(head) == text and len(head.hash) == len(GENESIS) else None


def link(before: Head, entry: Mapping[str, Any]) -> Head:
    """SHA-256 over the hash before, the position (8 bytes, big-endian) and the entry as canonical JSON: sorted
    members, no spaces, UTF-8. `entry` holds JSON values only.
    """
    position = before.position + 1
    told = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Head(position, hashlib.sha256(before.hash + position.to_bytes(8) + told).digest())


def continued(sealed: Head | None, held: Head) -> Head:
    """What the next link follows, given the sealed head (None: missing or forged) and the last link there is.

    Never what only the tables say: whoever rewrote them would have their work vouched for by the next seal. So after
    any disagreement the chain shows a break for good, at the first position that nothing stands in.
    """
    if sealed is None:
        return Head(held.position, GENESIS)
    return Head(max(sealed.position, held.position), sealed.hash)
