"""What a spool keeps of one verdict, as msgpack."""

from typing import Any, NamedTuple

import msgspec

from verify.limits.counted import Code
from verify.limits.log_entry import Logged


class Sent(NamedTuple):
    """The batch that a call was in when no answer came, by its key in Redis, and its place there; `valid`: no rule had
    refused it.
    """

    batch: str
    place: int
    valid: bool


class Spooled(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`words` is the call as account.lua takes it. A field may be added at the end with a default, never moved."""

    shard: int
    words: list[Any]
    logged: Logged
    sent: Sent | None = None


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Spooled).decode


def is_logged(sent: Sent, code: Code) -> bool:
    """Whether the log has the call of which its batch says `code`."""
    return code not in (Code.CONFLICT, Code.NOT_READY) or (code is Code.NOT_READY and not sent.valid)


def was_admitted(sent: Sent, code: Code) -> bool:
    return sent.valid and code in (Code.ADMITTED, Code.REPEATED)
