"""What a call is counted against, and to which counters its usage is added."""

import pytest

from tests.verify.limits.counters import NOW, checks, quota, rate
from verify.limits.checks import CHARGES, added
from verify.limits.windows import DAY_MS


def test_each_limit_is_its_owners() -> None:
    found = checks(rate(1, 1, per="key"), rate(1, 1), quota(5), quota(5, "month", per="customer"))
    assert [one.owner for one in found.rates] == ["key_1", "lic_1"]
    assert [one.owner for one in found.quotas] == ["lic_1", "cus_1"]
    assert found.quotas[0].window.start == NOW - NOW % DAY_MS


def test_a_successor_shares_the_limits_of_the_key_it_counts_as() -> None:
    found = checks(rate(1, 1, per="key"), rate(1, 1), counts_as="key_0")
    assert [one.owner for one in found.rates] == ["key_0", "lic_1"]


def test_usage_says_to_which_counters_it_was_added() -> None:
    quotas = (quota(5), quota(5, "lifetime"), quota(9, "month", per="customer"), quota(3, meter="tokens"))
    meters = {"requests": "sum", "tokens": "sum"}
    assert checks(*quotas, usage={"requests": 2}, meters=meters).charges == {"requests": 2 | 16 | 128}
    assert checks(*quotas, usage={}, meters=meters).charges == {}
    assert checks(*quotas, usage={"requests": 0, "tokens": 1}, meters=meters).charges == {"tokens": 2}


def test_each_kind_of_counter_has_a_bit_of_its_own() -> None:
    assert sum(CHARGES.values()) == 2 ** len(CHARGES) - 1
    assert ("customer", "billing_period") not in CHARGES


@pytest.mark.parametrize(
    ("usage", "aggregation", "amount"),
    [({"m": 7}, "sum", 7), ({"m": 7}, "count", 1), ({"m": 0}, "count", 1), ({}, "count", 0), ({}, "sum", 0)],
)
def test_a_count_meter_adds_one_for_each_call(usage: dict[str, int], aggregation: str, amount: int) -> None:
    assert added(usage, "m", {"m": aggregation}) == amount
