"""A key moves to the current pepper when it is used, and is nowhere found by its former name any more."""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from licensing.models import Key
from licensing.publishing import KEYS
from tenants import clock
from tenants.clock import milliseconds
from tenants.publishing import facts_store
from tenants.publishing.publisher import current_epoch
from tests.licensing.usage.counted import Counted, counted
from tests.licensing.usage.feeding import Feed
from tests.places import Place
from tests.running.clients import plain_client
from tests.running.nodes import verify_nodes
from verify import facts
from verify.digests import key_digests, parse_ring
from verify.ground.ids import decode

NEW = "2:" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def ring() -> str:
    """The new pepper before the copy's own."""
    old = settings.LICET_PEPPERS[-1]
    return f"{NEW},{old.version}:{base64.urlsafe_b64encode(old.secret).decode()}"


@pytest.fixture
def used(new_place: Callable[[], Place], tmp_path: Path) -> Iterator[Counted]:
    """A key under the copy's pepper, which a node that has a newer one has just let in."""
    feed = Feed(new_place(), milliseconds(clock.now()) or 0)
    peppers = ring()
    with (
        override_settings(LICET_COUNTER_SHARDS=feed.total, LICET_PEPPERS=parse_ring(peppers)),
        counted(feed, tmp_path, {"LICET_PEPPERS": peppers}, quotas=[], rate_limits=[]) as one,
    ):
        assert one.verify()["code"] == "VALID"
        yield one


def row_of(one: Counted) -> Key:
    row: Key = Key.objects.across_tenants().get(pk=decode("key", one.key["id"]))
    return row


def names_of(one: Counted) -> list[str]:
    """Its facts' names under the new pepper and under the old one."""
    environment = one.feed.place.environment.public_id
    digests = key_digests(parse_ring(ring()), environment, one.key["secret"])
    return [facts.redis_key("key", digest.value.hex()) for digest in digests]


def told(one: Counted) -> list[bool]:
    return [bool(facts_store.client().exists(name)) for name in names_of(one)]


def test_its_use_moves_it_and_the_former_name_goes(used: Counted, tmp_path: Path) -> None:
    assert told(used) == [False, True]
    before = row_of(used)
    used.feed.drain().tick()
    after = row_of(used)
    assert (before.pepper_version, after.pepper_version) == (1, 2)
    assert (bytes(after.former_digest or b""), after.revision > before.revision) == (bytes(before.digest), True)
    assert told(used) == [True, False]
    assert used.verify()["code"] == "VALID"
    used.feed.drain().tick()
    assert row_of(used).revision == after.revision  # once is enough
    with verify_nodes(1, tmp_path, {"LICET_PEPPERS": NEW}) as (node,), plain_client(node.url) as client:
        headers = {"Authorization": used.feed.place.api.headers["Authorization"]}
        answer = client.post("/v1/verify", json={"key": used.key["secret"]}, headers=headers)
        assert answer.status_code == 401  # our own secret keys do not move: the old pepper is still needed for them


def test_it_is_revoked_under_its_new_name(used: Counted) -> None:
    used.feed.drain().tick()
    used.feed.place.post(f"keys/{used.key['id']}/revocation", status=200)
    assert used.verify()["code"] == "KEY_REVOKED"
    assert told(used) == [True, False]


def test_a_slow_teller_cannot_leave_a_stale_fact_behind(used: Counted) -> None:
    """It read the key before the move and stores it after: the next change takes that away again."""
    (stale,) = KEYS.build([row_of(used)])
    epoch = current_epoch()
    used.feed.drain().tick()
    facts_store.store(epoch, [("key", stale)])
    assert told(used) == [True, True]
    used.feed.place.post(f"keys/{used.key['id']}/revocation", status=200)
    assert told(used) == [True, False]


def test_telling_everything_anew_keeps_the_former_name_away(used: Counted) -> None:
    (stale,) = KEYS.build([row_of(used)])
    epoch = current_epoch()
    used.feed.drain().tick()
    facts_store.store(epoch, [("key", stale)])
    call_command("republish_all")
    assert told(used) == [True, False]


def test_a_digest_under_another_pepper_than_the_drains_moves_nothing(used: Counted) -> None:
    with override_settings(LICET_PEPPERS=tuple(reversed(parse_ring(ring())))):
        used.feed.drain().tick()
    assert row_of(used).pepper_version == 1
    assert told(used) == [False, True]
