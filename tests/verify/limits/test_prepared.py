"""What is put together once is what would be made for each call anew."""

from typing import Any

import msgspec
import pytest

from tests.verify.limits.counters import quota, rate
from verify.facts import BillingPeriod, KeyFacts, LicenseFacts, PlanTerms, Quota, RateLimit
from verify.limits.call import Mode, call
from verify.limits.checks import checks_of
from verify.limits.prepared import Prepared, prepare
from verify.limits.windows import HOUR_MS

NOW = 1_800_000_000_000
HOUR = NOW - NOW % HOUR_MS
LICENSE = LicenseFacts("lic_1", "cus_1", "plan_1", 1, 0, None, None, False, False, billing=BillingPeriod(0))
KEY = KeyFacts("key_1", None, "lic_1", None, None, False, False)
METERS = {"requests": "sum", "calls": "count"}
LIMITS: Any = (rate(10, 60), quota(1000, "month"), quota(5, "lifetime", meter="calls", per="customer"))
decode = msgspec.msgpack.decode


def prepared(*limits: RateLimit | Quota, usage: dict[str, int] | None = None, now: int = NOW) -> Prepared:
    rates = tuple(one for one in limits if isinstance(one, RateLimit))
    quotas = tuple(one for one in limits if isinstance(one, Quota))
    usage = {"requests": 1} if usage is None else usage
    return prepare(PlanTerms((), {}, rates, quotas), LICENSE, KEY, 3, usage=usage, meters=METERS, now=now)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("record", "fingerprint"), [("", ""), ("once:{s03}:1", "print")])
@pytest.mark.parametrize("limits", [LIMITS, LIMITS[:2], ()], ids=["of several owners", "of one", "none"])
def test_the_words_are_those_of_the_call(mode: Mode, record: str, fingerprint: str, limits: Any) -> None:
    words = prepared(*limits).words(mode, LICENSE, KEY, record, fingerprint)
    terms = PlanTerms((), {}, limits[:1], limits[1:])
    checks = checks_of(terms, LICENSE, KEY, usage={"requests": 1}, meters=METERS, now=NOW)
    whole = call(mode, checks, 3, record=record, fingerprint=fingerprint)
    assert decode(words) == decode(msgspec.msgpack.encode(whole))


def test_it_serves_the_same_usage_until_the_first_window_ends() -> None:
    made = prepared(quota(1000, "month"), quota(10, "hour"))
    usage = {"requests": 1}
    assert made.serves(usage, HOUR)
    assert made.serves({"requests": 1}, HOUR + HOUR_MS - 1)
    assert not made.serves(usage, HOUR + HOUR_MS)
    assert not made.serves(usage, HOUR - 1)  # a clock that was set back
    assert not made.serves({"requests": 2}, NOW)
    assert not made.serves({}, NOW)


def test_without_windows_that_end_it_serves_for_ever() -> None:
    made = prepared(rate(10, 60), quota(5, "lifetime"))
    assert made.serves({"requests": 1}, NOW + 10**12)


def test_the_log_keeps_what_was_asked_for_what_it_adds_and_where() -> None:
    usage = {"requests": 3, "calls": 7}
    made = prepared(quota(1000, "month"), quota(5, "lifetime", meter="calls"), usage=usage)
    checks = checks_of(
        PlanTerms((), {}, (), (quota(1000, "month"), quota(5, "lifetime", meter="calls"))),
        *(LICENSE, KEY),
        usage=usage,
        meters=METERS,
        now=NOW,
    )
    assert (made.usage, made.adds, made.checks.charges) == (usage, {"requests": 3, "calls": 1}, checks.charges)


def of(license: LicenseFacts, shard: int = 3) -> tuple[Prepared, list[Any]]:
    """And a call of its own."""
    terms, usage = PlanTerms((), {}, LIMITS[:1], LIMITS[1:]), {"requests": 1}
    made = prepare(terms, license, KEY, shard, usage=usage, meters=METERS, now=NOW)
    return made, decode(made.words(Mode.ENFORCED, license, KEY))


@pytest.mark.parametrize("shard", [0, 3, 99, 1023])
def test_what_keys_have_in_common_is_held_once_and_counts_for_each_of_them(shard: int) -> None:
    mine, _ = of(LICENSE, shard)
    theirs = msgspec.structs.replace(LICENSE, id="lic_2", customer="cus_2")
    other, words = of(theirs, shard)
    terms = PlanTerms((), {}, LIMITS[:1], LIMITS[1:])
    checks = checks_of(terms, theirs, KEY, usage={"requests": 1}, meters=METERS, now=NOW)
    assert mine is other
    assert words == decode(msgspec.msgpack.encode(call(Mode.ENFORCED, checks, shard)))


def test_a_longer_name_is_counted_as_it_is_spelled() -> None:
    for length in (1, 20, 40, 300):
        license = msgspec.structs.replace(LICENSE, id="l" * length)
        assert f"rate:{{s03}}:{license.id}:steady" in str(of(license)[1])


def test_other_terms_or_usage_are_not_the_same() -> None:
    mine = prepared(quota(1000, "month"))
    assert prepared(quota(1000, "month"), now=NOW + 1) is mine
    assert prepared(quota(1000, "month"), usage={"requests": 2}) is not mine
    assert prepared(quota(1001, "month")) is not mine
