"""What became of a call that was sent, not answered, and then answered from memory: settled before it is replayed."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from verify.limits.call import UNANSWERED_MS
from verify.limits.counted import Code
from verify.reasons import Reason
from verify.service.spool.record import Sent, Spooled, is_logged, was_admitted

NEVER = msgspec.msgpack.encode(None)  # whoever brings the batch late is told so, and does not run it

_decode = msgspec.msgpack.Decoder(tuple[int, list[list[Any]]]).decode
Ask = Callable[..., Awaitable[Any]]


class Settling:
    """Of one file: `ask` gives Redis's answer to a command, and raises what a link raises."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._came_to: dict[str, bytes] = {}

    async def settled(self, record: Spooled) -> Spooled | None:
        """The record as it shall be replayed; None if it shall not: the log has it already."""
        if record.sent is None:
            return record
        came_to = self._came_to.get(record.sent.batch) or await self._claim(record.sent.batch)
        self._came_to[record.sent.batch] = came_to
        return settled(record, record.sent, came_to)

    async def _claim(self, batch: str) -> bytes:
        """After this the batch will not run, if it has not by now."""
        if await self._ask("SET", batch, NEVER, "NX", "PX", str(UNANSWERED_MS)) is not None:
            return NEVER
        told: bytes | None = await self._ask("GET", batch)
        return NEVER if told is None else told


def settled(record: Spooled, sent: Sent, came_to: bytes) -> Spooled | None:
    """`came_to`: what the script remembers of the batch."""
    if came_to == NEVER:
        return record
    code = Code(_decode(came_to)[1][sent.place][0])
    if not is_logged(sent, code):
        return record
    if record.logged.reason != Reason.VALID or was_admitted(sent, code):
        return None
    return msgspec.structs.replace(record, logged=msgspec.structs.replace(record.logged, overrules=True))
