"""What handlers do with parameters that they were given."""

from __future__ import annotations

from typing import Any

from tests.stripe_simulator.account import Object
from tests.stripe_simulator.refusals import NotSimulated, invalid


def only_simulated(params: Object, known: set[str]) -> None:
    for name in params.keys() - known:
        raise NotSimulated(name)


def merge_metadata(target: Object, params: Object) -> None:
    """Given keys are set, "" removes one; "" for all removes all."""
    if "metadata" in params:
        merged: dict[str, Any] = {} if params["metadata"] == "" else target["metadata"] | params["metadata"]
        target["metadata"] = {name: value for name, value in merged.items() if value != ""}


def needed(params: Object, name: str) -> Any:
    """What stripe-python's types leave open, because there is another way that is not simulated."""
    if not params.get(name):
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return params[name]
