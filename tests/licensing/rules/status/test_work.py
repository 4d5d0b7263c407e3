"""What is said of Celery."""

import pytest

from licensing.rules.status.part import State
from licensing.rules.status.work import work

IDLE = {"critical": 0, "sweeps": 0}


@pytest.mark.parametrize(
    ("queues", "round_seconds", "state", "said"),
    [
        (IDLE, 12.0, State.OK, "Last round 12 s ago. No task waits."),
        ({"critical": 2, "sweeps": 1}, 12.0, State.OK, "Tasks that wait: 2 in critical, 1 in sweeps."),
        (IDLE, 61.0, State.WARN, "Last round 61 s ago."),
        ({"critical": 1001}, 12.0, State.WARN, "1,001 in critical"),
        (IDLE, 601.0, State.BAD, "Last round 10 min ago."),
        (IDLE, None, State.WARN, "No round is known yet."),
        (None, 12.0, State.BAD, "broker does not answer"),
    ],
)
def test_celery_is_judged_by_its_rounds_and_its_queues(
    queues: dict[str, int] | None, round_seconds: float | None, state: State, said: str
) -> None:
    part = work(queues, round_seconds, redis_answers=True)
    assert part.state is state
    assert said in part.says
    assert bool(part.advice) == (state is not State.OK)


def test_without_redis_its_rounds_are_not_known() -> None:
    assert work(IDLE, None, redis_answers=False).state is State.UNKNOWN
