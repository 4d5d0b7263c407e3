"""How far usage was counted, as pages and /metrics tell it."""

from datetime import timedelta

import pytest
from django.test import override_settings
from prometheus_client import REGISTRY, generate_latest

from licensing.queries.usage_lag import usage_lag
from licensing.usage.drain import Drain
from licensing.usage.stream import client
from tenants.publishing import facts_store
from tests.licensing.usage.feeding import Feed
from tests.places import Place
from verify.answer import EPOCH
from verify.limits.counted import Code

FEW_SHARDS = 13


@pytest.fixture
def waiting(place: Place) -> Feed:
    """Three calls in two entries that nobody drains."""
    seconds, _ = client().time()
    feed = Feed(place, seconds * 1000, FEW_SHARDS)
    feed.tell([(feed.call(), Code.ADMITTED), (feed.call(), Code.ADMITTED)])
    feed.tell([(feed.call(), Code.ADMITTED)])
    return feed


def test_it_is_known_how_many_wait_and_since_when(waiting: Feed) -> None:
    with override_settings(LICET_COUNTER_SHARDS=waiting.total):
        lag = usage_lag()
        assert lag is not None
        one = lag.shards[waiting.shard]
        assert one.waiting == 3
        assert one.oldest is not None
        assert EPOCH + timedelta(milliseconds=waiting.base_ms) <= one.oldest <= lag.now
        assert lag.counted_up_to <= one.oldest
        text = generate_latest(REGISTRY).decode()
        assert f'licet_usage_waiting_calls{{shard="{waiting.shard}"}} 3.0' in text
        assert f'licet_usage_oldest_waiting_seconds{{shard="{waiting.shard}"}}' in text
        assert "licet_usage_broken_entries" in text
        Drain([waiting.shard], consumer="test").tick()
        lag = usage_lag()
        assert lag is not None
        assert (lag.shards[waiting.shard].waiting, lag.shards[waiting.shard].oldest) == (0, None)


def test_without_redis_nothing_is_claimed(place: Place) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        facts_store.client.cache_clear()
        try:
            assert usage_lag() is None
            assert "licet_usage_waiting_calls" not in generate_latest(REGISTRY).decode()
        finally:
            facts_store.client.cache_clear()


def test_the_control_plane_tells_it(place: Place) -> None:
    assert 'licet_usage_waiting_calls{shard="0"}' in place.api.get("/metrics").text
