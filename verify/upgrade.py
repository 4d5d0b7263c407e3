"""Which plan would grant what was refused: the least of the same product that does, by the environment's catalog."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from verify.decision import Case, Verdict, is_granted
from verify.facts import Offer, PlanTerms
from verify.limits.counted import QuotaState
from verify.reasons import Reason


class Upgrade(NamedTuple):
    """`plan` is a code; `url` is where the vendor sells it, if the product says so."""

    plan: str
    url: str | None


Grants = Callable[[Case, PlanTerms], bool]


def _scopes(case: Case, terms: PlanTerms) -> bool:
    """A key that is itself bound to fewer scopes would not get more by another plan."""
    bound = case.facts.key.scopes
    return all(scope in terms.scopes and (bound is None or scope in bound) for scope in case.request.scopes)


def _features(case: Case, terms: PlanTerms) -> bool:
    return all(is_granted(terms.features.get(code)) for code in case.request.features)


def _rates(case: Case, terms: PlanTerms) -> bool:
    """Every limit that refused is faster there, or not there at all."""
    offered = {limit.name: limit.limit / limit.period_seconds for limit in terms.rate_limits}
    held = {limit.name: limit.limit / limit.period_seconds for limit in case.facts.terms.rate_limits}
    over = [rate.name for rate in case.counted.rates if rate.level.wait_ms > 0]
    return all(name not in offered or offered[name] > held.get(name, 0) for name in over)


def _quotas(case: Case, terms: PlanTerms) -> bool:
    """What was used so far and this call fit there."""
    return all(state.used + state.cost <= limit for state, limit in _refused(case, terms))


def _refused(case: Case, terms: PlanTerms) -> list[tuple[QuotaState, float]]:
    """The quotas that refused, and how much of each may be used there: any amount, where nothing would refuse."""
    offered = {(quota.meter, quota.period, quota.per): quota.limit for quota in terms.quotas if quota.overage == "deny"}
    states = [state for state in case.counted.quotas if state.refuses]
    return [(state, offered.get((state.meter, state.period, state.per), math.inf)) for state in states]


GRANTS: dict[Reason, Grants] = {
    Reason.SCOPE_MISSING: _scopes,
    Reason.FEATURE_NOT_ENTITLED: _features,
    Reason.RATE_LIMITED: _rates,
    Reason.QUOTA_EXCEEDED: _quotas,
}


def upgrade_for(verdict: Verdict) -> Upgrade | None:
    """None where no plan on offer would help, or none is known."""
    case, grants = verdict.case, GRANTS.get(verdict.reason)
    if case is None or grants is None or case.facts.catalog is None:
        return None
    plan = case.facts.plan
    others = [offer for offer in case.facts.catalog.offers if offer.product == plan.product and offer.plan != plan.code]
    for offer in sorted(others, key=partial(_size, case)):
        if grants(case, offer.terms) and _keeps(case, offer.terms):
            return Upgrade(offer.plan, offer.url)
    return None


def _keeps(case: Case, terms: PlanTerms) -> bool:
    """An upgrade takes nothing that this very call needs."""
    return _scopes(case, terms) and _features(case, terms)


def _size(case: Case, offer: Offer) -> tuple[float, float, int, str]:
    """Smaller first: by what it allows of what was refused, then by the largest quota, then by what it opens. Without a
    quota there is no end.
    """
    terms = offer.terms
    allowed = max((limit for _, limit in _refused(case, terms)), default=0)
    largest = max((quota.limit for quota in terms.quotas), default=math.inf)
    granted = sum(is_granted(value) for value in terms.features.values())
    return allowed, largest, len(terms.scopes) + granted, offer.plan
