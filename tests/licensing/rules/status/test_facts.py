"""What is said of the facts and of who tells them."""

import pytest

from licensing.rules.status.facts import SeenFacts, SeenOutbox, facts, relay
from licensing.rules.status.part import State

WHOLE, NOTHING_WAITS = SeenFacts(3, 1042, 0.4), SeenOutbox(0, 0.0, 3)


def test_whole_facts_in_the_databases_epoch_are_well() -> None:
    part = facts(WHOLE, NOTHING_WAITS)
    assert (part.state, part.says) == (State.OK, "Whole, in epoch 3, up to revision 1,042.")


@pytest.mark.parametrize(
    ("held", "state", "said"),
    [
        (None, State.UNKNOWN, "Redis does not say"),
        (WHOLE._replace(epoch=None), State.BAD, "not_ready"),
        (WHOLE._replace(epoch=2), State.WARN, "epoch 2 of 3"),
    ],
)
def test_facts_that_are_not_whole_say_so(held: SeenFacts | None, state: State, said: str) -> None:
    part = facts(held, NOTHING_WAITS)
    assert part.state is state
    assert said in part.says


@pytest.mark.parametrize(
    ("held", "outbox", "state", "said"),
    [
        (WHOLE, NOTHING_WAITS, State.OK, "No change waits"),
        (WHOLE, SeenOutbox(3, 0.2, 3), State.OK, "3 changes not told to the data plane, for 0.2 s."),
        (WHOLE, SeenOutbox(1, 4.0, 3), State.WARN, "1 change not told"),
        (WHOLE, SeenOutbox(1, 11.0, 3), State.BAD, "for 11 s"),
        (WHOLE, None, State.UNKNOWN, "database does not say"),
        (WHOLE._replace(beat_seconds=6.0), NOTHING_WAITS, State.BAD, "Has been silent for 6.0 s."),
        (WHOLE._replace(beat_seconds=None), NOTHING_WAITS, State.BAD, "Has been silent so far."),
        (None, NOTHING_WAITS, State.UNKNOWN, "No change waits"),
        (None, SeenOutbox(9, 60.0, 3), State.BAD, "9 changes"),
    ],
)
def test_the_relay_is_judged_by_its_heartbeat_and_by_what_waits(
    held: SeenFacts | None, outbox: SeenOutbox | None, state: State, said: str
) -> None:
    part = relay(held, outbox)
    assert part.state is state
    assert said in part.says
    assert bool(part.advice) == (state is State.BAD)
