"""Rate limits by the generic cell rate algorithm (ITU-T I.371, virtual scheduling), in exact arithmetic.

A limit of `limit` calls in a period lets one call through each T = period / limit on average, and `burst` at once. What
is kept is one number, the theoretical arrival time (TAT): a call at `now` is admitted if max(TAT, now) + T is at most
`burst` · T ahead of now. T is seldom a whole number of microseconds, so times are counted in ticks of 1/limit µs, of
which T has a whole number: the period in microseconds. Redis keeps a time as whole microseconds and the ticks beyond.
"""

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

import msgspec

MOST_AHEAD_US = 2**52  # 142 years: what a double in the script surely holds beside the time itself


class Pace(NamedTuple):
    """Of one call (`step`) and of a whole burst (`tolerance`), as microseconds and ticks beyond; the same in ticks.
    `mark` tells these terms from others of the same name.
    """

    limit: int
    step: tuple[int, int]
    tolerance: tuple[int, int]
    mark: int
    step_ticks: int
    tolerance_ticks: int


class Level(msgspec.Struct, frozen=True, gc=False):
    """Where a limit stands; times in milliseconds, `wait_ms` until a call would be admitted, 0 if now."""

    remaining: int
    reset_at: int
    wait_ms: float


@lru_cache(maxsize=4096)
def pace(limit: int, period_seconds: int, burst: int) -> Pace:
    period = period_seconds * 1_000_000
    tolerance = min(burst * period, MOST_AHEAD_US * limit)
    mark = zlib.crc32(f"{limit}/{period_seconds}/{burst}".encode())
    return Pace(limit, divmod(period, limit), divmod(tolerance, limit), mark, period, tolerance)


def admit(pace: Pace, tat: tuple[int, int], now_us: int) -> tuple[int, int] | None:
    """The new TAT, or None if the call comes too soon. The script does the same; this is what it is tested against."""
    start = _start(pace, tat, now_us)
    following = start + pace.step_ticks
    if following - now_us * pace.limit > pace.tolerance_ticks:
        return None
    return divmod(following, pace.limit)


def carried(pace: Pace, tat: tuple[int, int], now_us: int) -> tuple[int, int]:
    """The TAT of other terms under these: never further ahead than a burst, so that whoever gets better terms need not
    wait for worse ones to pass. The script does so when it meets a TAT with another mark.
    """
    return divmod(min(_ticks(pace, tat), now_us * pace.limit + pace.tolerance_ticks), pace.limit)


def stored(pace: Pace, tat: tuple[int, int]) -> bytes:
    """As the script keeps it."""
    return struct.pack(">ddd", *tat, pace.mark)


def read(pace: Pace, kept: bytes | None, now_us: int) -> tuple[int, int]:
    """The TAT that the script keeps, under these terms; now if there is none."""
    if kept is None:
        return now_us, 0
    whole, ticks, mark = struct.unpack(">ddd", kept)
    tat = int(whole), int(ticks)
    return tat if mark == pace.mark else carried(pace, tat, now_us)


def level(pace: Pace, tat: tuple[int, int], now_us: int) -> Level:
    limit, _, _, _, step, tolerance = pace
    whole, beyond = tat[0], min(tat[1], limit - 1)
    ahead = (whole - now_us) * limit + beyond  # small numbers, which are faster than large ones
    if ahead > 0:
        room, until_us = tolerance - ahead, whole + 1 if beyond else whole
    else:
        room, until_us = tolerance, now_us
    reset_at = -(-until_us // 1000)
    if room < step:
        return Level(0, reset_at, (step - room) / limit / 1000)
    return Level(room // step, reset_at, 0.0)


def _start(pace: Pace, tat: tuple[int, int], now_us: int) -> int:
    return max(_ticks(pace, tat), now_us * pace.limit)


def _ticks(pace: Pace, time: tuple[int, int]) -> int:
    """Ticks of other terms may be more than make a microsecond of these; then the microsecond is full."""
    whole, beyond = time
    return whole * pace.limit + (beyond if beyond < pace.limit else pace.limit - 1)
