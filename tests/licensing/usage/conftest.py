"""Feeds for a test: a tenant whose customer lies in a shard that no running drain reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.places import Place
from verify.limits.shards import backlog_key

if TYPE_CHECKING:
    from tests.licensing.usage.feeding import Feed


@pytest.fixture
def feed(new_place: Callable[[], Place]) -> Iterator[Feed]:
    from django.test import override_settings  # noqa: PLC0415 - Django is not set up at import

    from licensing.usage.stream import client  # noqa: PLC0415 - as above
    from tenants import clock  # noqa: PLC0415 - as above
    from tenants.clock import milliseconds  # noqa: PLC0415 - as above
    from tests.licensing.usage.feeding import Feed  # noqa: PLC0415 - as above

    while int(client().get(backlog_key(0)) or 0):  # what is drained later would be in nobody knows which shard
        time.sleep(0.01)
    place, now = new_place(), milliseconds(clock.now()) or 0
    with override_settings(LICET_COUNTER_SHARDS=Feed.total):
        made = Feed(place, now)
        made.drain().tick()  # its shard is ready, so that what is tested is not how it begins
        while made.counters():  # of a customer of another test, whose usage is in the ledger
            made = Feed(place, now)
            made.drain().tick()
        yield made
