"""Which plan would grant what was refused: the least of the same product that does, by the environment's catalog."""

from collections.abc import Callable
from typing import NamedTuple

from verify.decision import Case, Verdict, is_granted
from verify.facts import Offer, PlanTerms
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
    offered = {(quota.meter, quota.period, quota.per): quota for quota in terms.quotas}
    for state in case.counted.quotas:
        quota = offered.get((state.meter, state.period, state.per))
        if state.refuses and quota is not None and quota.overage == "deny" and quota.limit < state.used + state.cost:
            return False
    return True


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
    for offer in sorted(others, key=_size):
        if grants(case, offer.terms) and _keeps(case, offer.terms):
            return Upgrade(offer.plan, offer.url)
    return None


def _keeps(case: Case, terms: PlanTerms) -> bool:
    """An upgrade takes nothing that this very call needs."""
    return _scopes(case, terms) and _features(case, terms)


def _size(offer: Offer) -> tuple[int, int, str]:
    """Smaller first: by the largest quota, then by what it opens."""
    terms = offer.terms
    granted = sum(is_granted(value) for value in terms.features.values())
    return max((quota.limit for quota in terms.quotas), default=0), len(terms.scopes) + granted, offer.plan
