"""A simulator and a shop in it, for each test."""

from collections.abc import Iterator

import pytest

from tests.stripe_simulator import Simulator, simulator
from tests.stripe_simulator.tests.receiver import Receiver, receiving
from tests.stripe_simulator.tests.shop import Shop


@pytest.fixture
def stripe() -> Iterator[Simulator]:
    with simulator() as running:
        yield running


@pytest.fixture
def shop(stripe: Simulator) -> Iterator[Shop]:
    with Shop(stripe).open() as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as listening:
        yield listening
