"""The script's outcomes as rules and answers read them."""

from tests.verify.limits.counters import checks, quota, rate
from verify.limits.counted import Code, Counted, QuotaState, counted, kept_terms

NOW_US = 1_795_000_000_000_000
LIMITS = checks(rate(10, 60, 5), quota(100, "lifetime", overage="allow"), usage={"requests": 3})


def test_a_repeat_is_read_by_the_terms_it_was_admitted_under() -> None:
    first = counted([0, [[NOW_US + 6_000_000, 0]], [7]], LIMITS, NOW_US)
    again = counted([4, kept_terms(LIMITS), NOW_US, [[NOW_US + 6_000_000, 0]], [7]], checks(), NOW_US + 10**9)
    assert again == Counted(Code.REPEATED, first.rates, first.quotas)
    assert (again.rates[0].level.remaining, again.quotas[0].used) == (4, 7)


def test_what_was_not_counted_shows_no_numbers() -> None:
    for code in (Code.CONFLICT, Code.NOT_READY):
        assert counted([int(code), [], []], LIMITS, NOW_US) == Counted(code)


def test_a_quota_refuses_as_the_script_does() -> None:
    def state(used: int, cost: int, overage: str = "deny") -> QuotaState:
        return QuotaState("m", "day", "license", 10, used, None, overage, cost)

    assert [state(9, 1).refuses, state(9, 2).refuses, state(12, 0).refuses, state(9, 2, "allow").refuses] == [
        *(False, True, False, False),
    ]
    assert (state(12, 1).remaining, state(12, 1).is_over, state(8, 1).is_near) == (0, True, True)
