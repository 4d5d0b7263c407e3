"""PostgreSQL and Redis: whether they answer, and whether they keep what they are given."""

from typing import NamedTuple

from licensing.rules.status.part import Part, State

DATABASE, REDIS = "PostgreSQL", "Redis"
FULL, NEARLY_FULL = 0.9, 0.75  # of maxmemory
SLOW_MS = 250.0
MEGABYTE = 1024 * 1024


class SeenRedis(NamedTuple):
    """`limit_bytes` 0: no limit but the machine's."""

    milliseconds: float
    version: str
    used_bytes: int
    limit_bytes: int
    policy: str
    appends: bool
    last_write_ok: bool


def database(problem: str | None, user: str | None, milliseconds: float) -> Part:
    """`problem`: tenants.queries.health.Health's."""
    if problem is not None:
        return Part(DATABASE, State.BAD, problem, "Mend this first; verify goes on meanwhile.")
    says = f"Answers as {user} in {milliseconds:.1f} ms."
    if milliseconds > SLOW_MS:
        return Part(DATABASE, State.WARN, says, "Look for long transactions and for what else the machine does.")
    return Part(DATABASE, State.OK, says)


def redis(seen: SeenRedis | None) -> Part:
    """None: it does not answer."""
    if seen is None:
        advice = "Start it, or see what keeps it; till then verify does what each environment's on_outage says."
        return Part(REDIS, State.BAD, "Does not answer within a second.", advice)
    for is_so, state, says, advice in _complaints(seen):
        if is_so:
            return Part(REDIS, state, says, advice)
    return Part(REDIS, State.OK, f"{seen.version} answers in {seen.milliseconds:.1f} ms; {_memory(seen)}.")


def _complaints(seen: SeenRedis) -> list[tuple[bool, State, str, str]]:
    filled = seen.used_bytes / seen.limit_bytes if seen.limit_bytes else 0.0
    more = "Give it more memory (maxmemory): it evicts nothing, so when it is full it takes no more calls."
    return [
        (not seen.last_write_ok, State.BAD, "Could not write to its disk.", "Free space on its volume; read its log."),
        (
            seen.policy != "noeviction",
            State.BAD,
            f"May throw counters and usage away (maxmemory-policy {seen.policy}).",
            "Set maxmemory-policy noeviction.",
        ),
        (
            not seen.appends,
            State.BAD,
            "Keeps nothing on disk: when it ends, usage that is not in the ledger yet is lost.",
            "Set appendonly yes and appendfsync everysec.",
        ),
        (filled >= FULL, State.BAD, f"Is almost full; {_memory(seen)}.", more),
        (filled >= NEARLY_FULL, State.WARN, f"Is filling up; {_memory(seen)}.", more),
        (
            seen.milliseconds > SLOW_MS,
            State.WARN,
            f"Answers in {seen.milliseconds:.0f} ms.",
            "Look for slow commands (SLOWLOG GET) and for what else the machine does.",
        ),
    ]


def _memory(seen: SeenRedis) -> str:
    limit = f" of {seen.limit_bytes / MEGABYTE:,.0f} MB" if seen.limit_bytes else ""
    return f"{seen.used_bytes / MEGABYTE:,.0f} MB{limit} used"
