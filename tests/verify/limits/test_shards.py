"""Names of counters: all of a customer in one slot of a cluster."""

import re

import pytest

from tests.verify.limits.counters import checks, quota, rate
from verify.limits import shards


@pytest.mark.parametrize(("key", "slot"), [("123456789", 12739), ("foo", 12182), ("", 0)])
def test_the_slot_is_what_redis_cluster_makes_of_a_key(key: str, slot: int) -> None:
    assert shards.slot_of(key) == slot


def test_all_names_of_a_shard_have_its_tag() -> None:
    one = checks(rate(1, 1), quota(1))
    names = [
        *(shards.log_key(7), shards.ready_key(7), shards.backlog_key(7), shards.batch_key(7, "b")),
        *(shards.rate_key(7, one.rates[0]), shards.quota_key(7, one.quotas[0])),
        shards.record_key(7, "env_1", "key_1", "once"),
    ]
    assert {re.findall(r"\{(.*?)\}", name)[0] for name in names} == {"s07"}
    assert len(set(names)) == len(names)


def test_what_a_client_names_is_its_keys_and_environments_own() -> None:
    names = {shards.record_key(0, env, key, "x") for env in ("env_1", "env_2") for key in ("key_1", "key_2")}
    assert len(names) == 4
    assert shards.record_key(0, "env_1", "key_1", "\ud800" * 300) != shards.record_key(0, "env_1", "key_1", "x")
