"""The decision as a specification: facts in, verdict out; no store, no clock, no mocks."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from verify.decision import COUNTED_RULES, ENDING_SOON, RULES, Facts, decide, effective_terms, weigh
from verify.facts import (
    BillingFacts,
    CustomerFacts,
    EnvironmentFacts,
    KeyFacts,
    LicenseFacts,
    OverLimit,
    Overrides,
    PlanFacts,
    PlanTerms,
    Quota,
    RateLimit,
)
from verify.limits.counted import Code, Counted, QuotaState, RateState
from verify.limits.gcra import Level
from verify.reasons import Reason, WarningCode
from verify.request import VerifyRequest

NOW = 1_800_000_000_000
DAY = 24 * 3600 * 1000
TERMS = PlanTerms(("read", "write"), {"export": True, "seats": 5, "off": False})
FACTS = Facts(
    environment=EnvironmentFacts("env_1", "test", "deny", 60),
    key=KeyFacts("key_1", None, "lic_1", None, None, suspended=False, revoked=False),
    license=LicenseFacts("lic_1", "cus_1", "plan_1", 1, NOW - DAY, None, None, suspended=False, revoked=False),
    customer=CustomerFacts("cus_1", None),
    plan=PlanFacts("plan_1", "pro", 1, {1: TERMS}),
    revision=7,
)
ASKED = VerifyRequest(key="a key")


def key(**changes: Any) -> Facts:
    return FACTS.replace(key=msgspec.structs.replace(FACTS.key, **changes))


def license(**changes: Any) -> Facts:
    return FACTS.replace(license=msgspec.structs.replace(FACTS.license, **changes))


OBJECTIONS: dict[Reason, tuple[Facts, VerifyRequest]] = {
    Reason.KEY_REVOKED: (key(revoked=True), ASKED),
    Reason.KEY_SUSPENDED: (key(suspended=True), ASKED),
    Reason.KEY_EXPIRED: (key(expires_at=NOW), ASKED),
    Reason.LICENSE_REVOKED: (license(revoked=True), ASKED),
    Reason.LICENSE_SUSPENDED: (license(suspended=True), ASKED),
    Reason.LICENSE_PENDING: (license(starts_at=NOW + 1), ASKED),
    Reason.LICENSE_EXPIRED: (license(expires_at=NOW), ASKED),
    Reason.IP_NOT_ALLOWED: (key(allowed_ips=("10.0.0.0/8",)), ASKED),
    Reason.USER_MISMATCH: (key(user="u_1"), ASKED),
    Reason.SCOPE_MISSING: (FACTS, VerifyRequest(key="a key", scopes=["admin"])),
    Reason.FEATURE_NOT_ENTITLED: (FACTS, VerifyRequest(key="a key", features=["nope"])),
}


def merged(first: Reason, second: Reason) -> tuple[Facts, VerifyRequest]:
    """Facts and request to which both object: every field that differs from the harmless case is taken over."""

    def overlay(harmless: msgspec.Struct, one: msgspec.Struct, other: msgspec.Struct) -> Any:
        changes = {
            name: getattr(changed, name)
            for changed in (other, one)
            for name in harmless.__struct_fields__
            if getattr(changed, name) != getattr(harmless, name)
        }
        return msgspec.structs.replace(harmless, **changes)

    (one, asked_one), (other, asked_other) = OBJECTIONS[first], OBJECTIONS[second]
    facts = FACTS.replace(
        key=overlay(FACTS.key, one.key, other.key), license=overlay(FACTS.license, one.license, other.license)
    )
    return facts, overlay(ASKED, asked_one, asked_other)


def test_nothing_to_object_to_is_valid() -> None:
    verdict = decide(FACTS, ASKED, NOW)
    assert (verdict.reason, verdict.detail, verdict.valid) == (Reason.VALID, None, True)


@pytest.mark.parametrize(
    "facts",
    [
        FACTS,
        *(OBJECTIONS[reason][0] for reason in Reason if reason.startswith("LICENSE_")),
        license(trial_ends_at=NOW + 1),
        license(trial_ends_at=NOW),
    ],
)
def test_a_status_opens_exactly_when_the_license_is_not_objected_to(facts: Facts) -> None:
    verdict = decide(facts, ASKED, NOW)
    assert verdict.case is not None
    assert verdict.case.standing.status.opens is verdict.valid


def test_an_unknown_key_is_not_found_and_tells_nothing() -> None:
    verdict = decide(None, ASKED, NOW)
    assert verdict.reason is Reason.NOT_FOUND
    assert verdict.case is None


@pytest.mark.parametrize("reason", OBJECTIONS)
def test_each_reason_is_given_with_a_sentence(reason: Reason) -> None:
    verdict = decide(*OBJECTIONS[reason], NOW)
    assert verdict.reason is reason
    assert verdict.detail is not None
    assert verdict.detail.endswith(".")


def test_every_rule_is_tried_above_and_stands_in_the_order_of_the_codes() -> None:
    order = [reason for reason, _ in RULES]
    assert order == list(OBJECTIONS)
    counted = [reason for reason, _ in COUNTED_RULES]
    assert order + counted == [reason for reason in Reason if reason not in (Reason.NOT_FOUND, Reason.VALID)]


STEADY = RateState("steady", 10, Level(0, NOW + 500, 250.0))
FULL = QuotaState("requests", "day", "license", 100, 100, NOW + DAY, "deny", 1)


@pytest.mark.parametrize(
    ("counted", "reason", "said"),
    [
        (Counted(Code.LIMITED, (STEADY,), (FULL,)), Reason.RATE_LIMITED, "steady"),
        (Counted(Code.EXCEEDED, (), (FULL,)), Reason.QUOTA_EXCEEDED, "requests (day)"),
    ],
)
def test_the_counters_object_last_and_say_what_is_used_up(counted: Counted, reason: Reason, said: str) -> None:
    verdict = weigh(decide(FACTS, ASKED, NOW), counted)
    assert (verdict.reason, verdict.valid) == (reason, False)
    assert said in str(verdict.detail)


@pytest.mark.parametrize("reason", OBJECTIONS)
def test_an_earlier_objection_stays_and_shows_the_numbers(reason: Reason) -> None:
    verdict = weigh(decide(*OBJECTIONS[reason], NOW), Counted(Code.ADMITTED, (STEADY,), (FULL,)))
    assert verdict.reason is reason
    assert verdict.case is not None
    assert verdict.case.counted.quotas == (FULL,)


@pytest.mark.parametrize(
    ("used", "warnings"),
    [
        (0, ()),
        (79, ()),
        (80, (WarningCode.QUOTA_NEAR,)),
        (100, (WarningCode.QUOTA_NEAR,)),
        (101, (WarningCode.OVER_LIMIT,)),
    ],
)
def test_a_quota_warns_before_it_ends_and_when_it_is_exceeded(used: int, warnings: tuple[WarningCode, ...]) -> None:
    quota = replace(FULL, used=used, overage="allow")
    assert weigh(decide(FACTS, ASKED, NOW), Counted(Code.ADMITTED, (), (quota,))).warnings == warnings


def test_nobody_is_told_numbers_of_a_key_that_is_not_found() -> None:
    verdict = decide(None, ASKED, NOW)
    assert weigh(verdict, Counted(Code.ADMITTED, (STEADY,), (FULL,))) == verdict


def test_a_license_may_have_limits_of_its_own() -> None:
    plan = PlanTerms((), {}, (RateLimit("a", 1, 1, 1, "key"),), (Quota("requests", 5, "day", "deny", "license"),))
    facts = license(overrides=Overrides(quotas=()))
    terms = effective_terms(facts.license, PlanFacts("plan_1", "pro", 1, {1: plan}))
    assert (terms.rate_limits, terms.quotas) == (plan.rate_limits, ())


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(OBJECTIONS, 2)))
def test_the_first_objection_is_the_reason(first: Reason, second: Reason) -> None:
    exclusive = {Reason.LICENSE_PENDING, Reason.LICENSE_EXPIRED}
    assert decide(*merged(first, second), NOW).reason is (
        first if {first, second} != exclusive else Reason.LICENSE_PENDING
    )


@pytest.mark.parametrize(
    ("facts", "before"),
    [
        (lambda end: key(expires_at=end), Reason.VALID),
        (lambda end: license(expires_at=end), Reason.VALID),
        (lambda end: license(trial_ends_at=end), Reason.VALID),
        (lambda end: license(starts_at=end), Reason.LICENSE_PENDING),
    ],
)
def test_times_count_to_the_millisecond(facts: Callable[[int], Facts], before: Reason) -> None:
    assert decide(facts(NOW + 1), ASKED, NOW).reason is before
    assert decide(facts(NOW), ASKED, NOW).reason is not before


def test_the_floor_lifts_a_pinned_license_and_never_lowers_one() -> None:
    plan = PlanFacts("plan_1", "pro", 1, {1: PlanTerms(("old",), {}), 2: PlanTerms(("new",), {})})
    wants_new = VerifyRequest(key="a key", scopes=["new"])
    pinned = FACTS.replace(plan=plan)
    lifted = pinned.replace(plan=msgspec.structs.replace(plan, floor=2))
    ahead = pinned.replace(license=msgspec.structs.replace(FACTS.license, plan_version=2))
    assert decide(pinned, wants_new, NOW).reason is Reason.SCOPE_MISSING
    assert decide(lifted, wants_new, NOW).reason is Reason.VALID
    assert decide(ahead, wants_new, NOW).reason is Reason.VALID


def test_a_key_has_no_more_scopes_than_its_license() -> None:
    facts = key(scopes=("read", "admin"))
    assert decide(facts, VerifyRequest(key="k", scopes=["read"]), NOW).reason is Reason.VALID
    assert decide(facts, VerifyRequest(key="k", scopes=["write"]), NOW).reason is Reason.SCOPE_MISSING
    assert decide(facts, VerifyRequest(key="k", scopes=["admin"]), NOW).reason is Reason.SCOPE_MISSING


@pytest.mark.parametrize(("code", "granted"), [("export", True), ("seats", True), ("off", False), ("never", False)])
def test_a_feature_is_granted_by_true_or_by_any_value(code: str, granted: bool) -> None:  # noqa: FBT001 - a table
    assert decide(FACTS, VerifyRequest(key="k", features=[code]), NOW).valid is granted


@pytest.mark.parametrize(
    ("ip", "allowed"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("2001:db8::1", True), ("11.0.0.1", False), ("2001:db9::1", False)],
)
def test_addresses_are_compared_as_networks(ip: str, allowed: bool) -> None:  # noqa: FBT001 - a table
    facts = key(allowed_ips=("10.0.0.0/8", "2001:db8::/32"))
    assert decide(facts, VerifyRequest(key="k", ip=ip), NOW).valid is allowed


def test_a_bound_key_answers_its_own_user_alone() -> None:
    assert decide(key(user="u_1"), VerifyRequest(key="k", user="u_1"), NOW).valid
    assert decide(key(user="u_1"), VerifyRequest(key="k", user="u_2"), NOW).reason is Reason.USER_MISMATCH


@pytest.mark.parametrize(
    ("facts", "warning"),
    [
        (lambda end: key(expires_at=end), WarningCode.KEY_EXPIRING),
        (lambda end: license(expires_at=end), WarningCode.LICENSE_EXPIRING),
        (lambda end: license(trial_ends_at=end), WarningCode.TRIAL_ENDING),
    ],
)
def test_an_end_is_warned_of_before_it_comes(facts: Callable[[int], Facts], warning: WarningCode) -> None:
    assert decide(facts(NOW + ENDING_SOON), ASKED, NOW).warnings == (warning,)
    assert decide(facts(NOW + ENDING_SOON + 1), ASKED, NOW).warnings == ()


def test_grace_is_warned_of_and_ends_by_the_clock_alone() -> None:
    facts = license(billed=BillingFacts("grace", "nonpayment", NOW + 2))
    for _ in range(2):  # the second time from what was remembered
        told = decide(facts, ASKED, NOW)
        assert (told.reason, told.warnings) == (Reason.VALID, (WarningCode.IN_GRACE,))
    over = decide(facts, ASKED, NOW + 2)
    assert (over.reason, over.warnings) == (Reason.LICENSE_SUSPENDED, ())


def test_too_few_seats_are_warned_of_and_suspend_by_the_clock_alone() -> None:
    facts = license(over_limit=OverLimit(NOW + 2))
    for moment in (NOW, NOW, NOW + 1):  # the second and third time from what was remembered
        told = decide(facts, ASKED, moment)
        assert (told.reason, told.warnings) == (Reason.VALID, (WarningCode.OVER_LIMIT,))
    over = decide(facts, ASKED, NOW + 2)
    assert (over.reason, over.warnings) == (Reason.LICENSE_SUSPENDED, ())
    assert "revoke keys or raise its quantity" in str(over.detail)
    for_ever = decide(license(over_limit=OverLimit()), ASKED, NOW)
    assert (for_ever.reason, for_ever.warnings) == (Reason.VALID, (WarningCode.OVER_LIMIT,))


def test_over_limit_is_said_once_of_seats_and_quotas() -> None:
    quota = replace(FULL, used=101, overage="allow")
    verdict = weigh(decide(license(over_limit=OverLimit()), ASKED, NOW), Counted(Code.ADMITTED, (), (quota,)))
    assert verdict.warnings == (WarningCode.OVER_LIMIT,)
