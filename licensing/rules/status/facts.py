"""What the data plane is told: whether Redis has all facts, and whether somebody tells what changes."""

from typing import NamedTuple

from licensing.rules.status.part import Part, State, counted, lasting, unknown

FACTS, RELAY = "Facts", "Relay"
SILENT_SECONDS = 5.0  # it beats once a second
LATE_SECONDS, LOST_SECONDS = 2.0, 10.0  # within the first a change ought to be in force everywhere
RUNS = "See that manage.py relay runs, and read its log."


class SeenFacts(NamedTuple):
    """Redis's: `epoch` and `revision` are None while its facts are not whole; `beat_seconds` since the relay's last
    heartbeat, None if there is none.
    """

    epoch: int | None
    revision: int | None
    beat_seconds: float | None


class SeenOutbox(NamedTuple):
    """The database's: changes that Redis was not told of, and the epoch in which it tells facts."""

    waiting: int
    oldest_seconds: float
    epoch: int


def facts(held: SeenFacts | None, outbox: SeenOutbox | None) -> Part:
    """None: could not be looked at."""
    if held is None:
        return unknown(FACTS, "Redis does not say.")
    if held.epoch is None:
        says = "Redis has not all of them; verify answers 503 not_ready."
        return Part(FACTS, State.BAD, says, f"The relay tells them anew, which takes seconds. {RUNS}")
    if outbox is not None and outbox.epoch != held.epoch:
        says = f"Are being told anew: epoch {held.epoch} of {outbox.epoch}."
        return Part(FACTS, State.WARN, says, "Wait: verdicts go on meanwhile.")
    return Part(FACTS, State.OK, f"Whole, in epoch {held.epoch}, up to revision {held.revision:,}.")


def relay(held: SeenFacts | None, outbox: SeenOutbox | None) -> Part:
    silence = None if held is None else held.beat_seconds
    if held is not None and (silence is None or silence > SILENT_SECONDS):
        since = "" if silence is None else f" for {lasting(silence)}"
        return Part(RELAY, State.BAD, f"Has been silent{since or ' so far'}.", RUNS)
    if outbox is None:
        return unknown(RELAY, "The database does not say what waits.")
    if not outbox.waiting:
        return Part(RELAY, State.OK if held else State.UNKNOWN, "No change waits to be told.")
    says = f"{counted(outbox.waiting, 'change')} not told to the data plane, for {lasting(outbox.oldest_seconds)}."
    if outbox.oldest_seconds > LOST_SECONDS:
        return Part(RELAY, State.BAD, says, f"Revocations among them are not in force. {RUNS}")
    return Part(RELAY, State.WARN if outbox.oldest_seconds > LATE_SECONDS else State.OK, says)
