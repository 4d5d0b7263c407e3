"""States in order of gravity, and how numbers are put."""

import pytest

from licensing.rules.status.part import State, counted, lasting, worst


def test_the_gravest_state_is_that_of_the_whole() -> None:
    assert worst([State.OK, State.OK]) is State.OK
    assert worst([State.OK, State.UNKNOWN]) is State.UNKNOWN
    assert worst([State.WARN, State.UNKNOWN, State.OK]) is State.WARN
    assert worst([State.WARN, State.BAD, State.UNKNOWN]) is State.BAD


def test_of_nothing_nothing_is_known() -> None:
    assert worst([]) is State.UNKNOWN


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((-1, "0.0 s"), (0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (119, "119 s"), (120, "2 min")),
        *((7199, "120 min"), (7200, "2 h"), (172_800, "2 days")),
    ],
)
def test_times_are_as_exact_as_somebody_wants_to_know(seconds: float, told: str) -> None:
    assert lasting(seconds) == told


def test_one_is_not_many() -> None:
    assert counted(1, "change") == "1 change"
    assert counted(0, "change") == "0 changes"
    assert counted(12_000, "entry", "entries") == "12,000 entries"
