"""One call as the script takes it, and the names of the script's own keys."""

from enum import IntEnum
from pathlib import Path
from typing import Any

from verify.limits import shards
from verify.limits.checks import SLACK_MS, Checks
from verify.limits.counted import kept_terms

DAY_MS = 86_400_000
ANSWERED_MS = 60_000  # a batch whose answer has come may still be under way once more
UNANSWERED_MS = 8 * DAY_MS  # longer than any outage that is bridged: what a batch came to may be asked for after it
REPLAYED_MS = 35 * DAY_MS  # a replay that was killed may be taken up late

SCRIPT = (Path(__file__).parent / "account.lua").read_text()


class Mode(IntEnum):
    """As in account.lua."""

    DENIED = 0
    SHOWN = 1
    ENFORCED = 2
    RECORDED = 3


def call(mode: Mode, checks: Checks, shard: int, *, record: str = "", fingerprint: str = "") -> list[Any]:
    """`record` is the key under which the admission is remembered, if it shall be."""
    rates = [
        [shards.rate_key(shard, one), one.pace.limit, *one.pace.step, *one.pace.tolerance, one.pace.mark]
        for one in checks.rates
    ]
    quotas = [
        [
            shards.quota_key(shard, one),
            one.cost,
            one.quota.limit,
            int(one.quota.overage == "deny"),
            one.window.end + SLACK_MS if one.window.end is not None else 0,
        ]
        for one in checks.quotas
    ]
    return [int(mode), record, fingerprint, kept_terms(checks) if record else "", rates, quotas]


def keys(shard: int, batch: str) -> tuple[str, str, str, str]:
    """The KEYS of account.lua, in order."""
    return shards.log_key(shard), shards.ready_key(shard), shards.backlog_key(shard), shards.batch_key(shard, batch)
