"""Feeds for a test: a tenant whose customer lies in a shard that no running drain reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.places import Place

if TYPE_CHECKING:
    from tests.licensing.usage.feeding import Feed


@pytest.fixture
def feed(new_place: Callable[[], Place]) -> Iterator[Feed]:
    from django.test import override_settings  # noqa: PLC0415 - Django is not set up at import

    from tenants import clock  # noqa: PLC0415 - as above
    from tenants.clock import milliseconds  # noqa: PLC0415 - as above
    from tests.licensing.usage.feeding import Feed  # noqa: PLC0415 - as above

    made = Feed(new_place(), milliseconds(clock.now()) or 0)
    with override_settings(LICET_COUNTER_SHARDS=made.total):
        made.drain().tick()  # its shard is ready, so that what is tested is not how it begins
        yield made
