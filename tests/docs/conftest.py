"""One tenant for all that is thrown at the API: nothing of it may change anything that matters to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.docs.bodies import Pool
from tests.places import Place, make_place

if TYPE_CHECKING:
    from tests.running.stack import Stack
    from tests.stripe_simulator import Simulator


@pytest.fixture(scope="module")
def target(stack: Stack, simulated: Simulator) -> Iterator[Place]:
    """Its secret key has every scope. It is connected with Stripe."""
    made = make_place("Target", stack.bootstrap["api_url"], stack.bootstrap["verify_url"], "owner@tests.example")
    made.sample["stripe_key"] = simulated.new_account().api_key
    made.post("stripe_connection", {"api_key": made.sample["stripe_key"]})
    yield made
    made.api.close()
    made.verifier.close()


@pytest.fixture(scope="module")
def pool(target: Place) -> Pool:
    return Pool(target)
