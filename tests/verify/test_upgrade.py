"""Which plan a denial points to: the least of the same product that grants what was refused."""

import msgspec
import pytest
from msgspec.structs import replace

from tests.verify.test_decision import ASKED, FACTS, FULL, NOW, STEADY
from verify.decision import Facts, Verdict, decide, weigh
from verify.facts import CatalogFacts, Offer, PlanTerms, Quota, RateLimit
from verify.limits.counted import Code, Counted
from verify.request import VerifyRequest
from verify.upgrade import Upgrade, upgrade_for


def quota(limit: int, overage: str = "deny") -> Quota:
    return Quota("requests", limit, "day", overage, "license")


def terms(*, sso: bool = False, admin: bool = False, quotas: tuple[Quota, ...] = (), rate: int = 10) -> PlanTerms:
    scopes = ("read", "write", *(["admin"] if admin else []))
    return PlanTerms(scopes, {"export": True, "sso": sso}, (RateLimit("steady", rate, 1, rate, "license"),), quotas)


OFFERS = (
    Offer(
        "huge", "prod_1", terms(sso=True, admin=True, quotas=(quota(10_000),), rate=1000), "https://shop.example/huge"
    ),
    Offer("large", "prod_1", terms(sso=True, quotas=(quota(1000),), rate=20)),
    Offer("pro", "prod_1", terms(quotas=(quota(100),))),
    Offer("tiny", "prod_1", terms(quotas=(quota(50),))),
    Offer("other", "prod_2", terms(sso=True, admin=True, rate=10**6)),
)


def sold(offers: tuple[Offer, ...] = OFFERS) -> Facts:
    plan = msgspec.structs.replace(FACTS.plan, product="prod_1", versions={1: OFFERS[2].terms})
    return FACTS.replace(plan=plan, catalog=CatalogFacts({"requests": "sum"}, offers))


def denied(asked: VerifyRequest = ASKED, counted: Counted | None = None, facts: Facts | None = None) -> Verdict:
    verdict = decide(facts or sold(), asked, NOW)
    return weigh(verdict, counted) if counted else verdict


@pytest.mark.parametrize(
    ("verdict", "plan"),
    [
        (denied(VerifyRequest(key="a", features=["sso"])), "large"),
        (denied(VerifyRequest(key="a", scopes=["admin"])), "huge"),
        (denied(VerifyRequest(key="a", features=["sso"], scopes=["admin"])), "huge"),
        (denied(counted=Counted(Code.EXCEEDED, (), (FULL,))), "large"),
        (denied(counted=Counted(Code.EXCEEDED, (), (replace(FULL, cost=5000),))), "huge"),
        (denied(counted=Counted(Code.LIMITED, (STEADY,), ())), "large"),
    ],
)
def test_it_is_the_least_that_grants_it(verdict: Verdict, plan: str) -> None:
    better = upgrade_for(verdict)
    assert better is not None
    assert better.plan == plan


NO_END = Offer("enterprise", "prod_1", terms(sso=True, rate=20))
OTHER_END = Offer("tokens", "prod_1", terms(quotas=(Quota("tokens", 5, "day", "deny", "license"),)))


@pytest.mark.parametrize("more", [NO_END, OTHER_END])
def test_a_plan_without_the_quota_that_refused_is_larger_than_any_that_has_it(more: Offer) -> None:
    facts = sold((more, *OFFERS))
    for cost, plan in ((1, "large"), (5000, "huge"), (10**6, more.plan)):
        better = upgrade_for(denied(counted=Counted(Code.EXCEEDED, (), (replace(FULL, cost=cost),)), facts=facts))
        assert better is not None
        assert better.plan == plan


def test_a_plan_without_quotas_is_not_the_least_for_a_feature_either() -> None:
    better = upgrade_for(denied(VerifyRequest(key="a", features=["sso"]), facts=sold((NO_END, *OFFERS))))
    assert better is not None
    assert better.plan == "large"


def test_it_says_where_it_is_sold() -> None:
    verdict = denied(VerifyRequest(key="a", scopes=["admin"]))
    assert upgrade_for(verdict) == Upgrade("huge", "https://shop.example/huge")


@pytest.mark.parametrize(
    "verdict",
    [
        decide(sold(), ASKED, NOW),
        decide(None, ASKED, NOW),
        denied(VerifyRequest(key="a", features=["nowhere"])),
        denied(VerifyRequest(key="a", features=["sso"]), facts=sold(())),
        denied(VerifyRequest(key="a", features=["sso"]), facts=FACTS),
        denied(facts=FACTS.replace(key=msgspec.structs.replace(FACTS.key, revoked=True))),
        denied(counted=Counted(Code.EXCEEDED, (), (replace(FULL, cost=10**6),))),
    ],
)
def test_nothing_is_offered_that_does_not_help(verdict: Verdict) -> None:
    assert upgrade_for(verdict) is None


def test_a_key_that_is_bound_to_fewer_scopes_gets_no_more_by_another_plan() -> None:
    bound = sold().replace(key=msgspec.structs.replace(FACTS.key, scopes=("read",)))
    assert upgrade_for(denied(VerifyRequest(key="a", scopes=["admin"]), facts=bound)) is None
