"""Calls on their way to the counters, the batches they travel in, and how they may end."""

import time
from dataclasses import dataclass

import msgspec

from verify.limits.checks import Checks
from verify.limits.counted import Counted
from verify.service.spool.record import Sent


class AccountingUnavailable(Exception):
    """The counters cannot be asked now. With `sent` the call may have been counted or not, else it was not."""

    def __init__(self, told: str = "", sent: Sent | None = None) -> None:
        super().__init__(told)
        self.sent = sent


class LogFull(AccountingUnavailable):
    """The log holds as many undrained calls as it may; the call was not counted."""


class CountersNotReady(AccountingUnavailable):
    """The counters are being made anew after a loss; the call was not counted."""


class Call(msgspec.Struct, eq=False):
    """One call on its way to the counters; a subclass says what becomes of it. Exactly one of the two is called, once.

    `words` is what the script takes and `logged` what the log keeps, in msgpack; `valid`: no rule has refused it.
    `is_bridged`: who gives up waiting may be answered nevertheless, and then asks what the batch came to, which `sent`
    names once it is in one.
    """

    words: bytes
    logged: bytes
    checks: Checks
    valid: bool = True
    is_bridged: bool = False
    sent: Sent | None = None
    asked_at: float = msgspec.field(default_factory=time.monotonic)
    over: bool = False

    def counted(self, counted: Counted) -> None:
        raise NotImplementedError

    def failed(self, error: AccountingUnavailable) -> None:
        raise NotImplementedError


@dataclass(slots=True)
class Batch:
    """Sent, and to be sent again under its name until it is answered or nobody waits for it."""

    name: str
    shard: int
    calls: list[Call]
    words: tuple[bytes, bytes]
    is_bridged: bool
    sent_at: float = 0.0

    @property
    def is_awaited(self) -> bool:
        return any(not one.over for one in self.calls)

    @property
    def may_be_forgotten(self) -> bool:
        """Nobody will ask what it came to, once who waits now has the answer."""
        return not any(one.is_bridged and one.over for one in self.calls)
