"""Pages of a list of 10,000 licenses, by the control plane's own clock."""

import statistics
import time

import pytest

from benchmarks.list_pages import fill, milliseconds, walk
from tests.places import Place
from tests.running.prove import Figure
from tests.running.stack import Stack
from verify.ground.ids import decode

LICENSES = 10_000


@pytest.mark.prove
def test_pages_of_a_long_list_take_alike_at_any_cursor(
    place: Place, stack: Stack, scale: float, figure: Figure
) -> None:
    customer, plan = decode("cus", place.sample["customer"]), decode("plan", place.sample["plan"])
    assert customer
    assert plan
    fill(place.environment, customer=customer, plan=plan, count=round(LICENSES * scale))
    figure("licenses", round(LICENSES * scale), "")
    for limit, path in (
        (20, "/v1/licenses"),
        (100, "/v1/licenses"),
        (100, "/v1/licenses?status=active&expand=customer"),
    ):
        asked = walk(place.api, path, limit=limit, most=round(LICENSES * scale / limit) + 1)
        took = milliseconds(stack.log_file, asked) if settled(stack, asked[-1]) else []
        name = f"`{path}`, {limit} a page"
        figure(f"{name}: pages", len(took), "")
        figure(f"{name}: median", statistics.median(took), "ms")
        figure(f"{name}: median of the last tenth", statistics.median(took[-max(1, len(took) // 10) :]), "ms")


def settled(stack: Stack, request_id: str) -> bool:
    """Once the log has the last request."""
    patience_ends = time.monotonic() + 10
    while request_id not in stack.log:
        assert time.monotonic() < patience_ends
        time.sleep(0.05)
    return True
