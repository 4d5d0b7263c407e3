"""The one decision: facts and a request in, a verdict out. The first rule that objects gives the reason.

Pure: no clock, no store, no settings. Everything that ever says yes or no to a key calls `decide`, and where calls are
counted `weigh` with what the counters said: theirs are the last rules.
A new deny reason is one line in `reasons`, one rule here in its place, one test and one line in docs/verify.md.
"""

import ipaddress
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from verify.facts import (
    NO_OVERRIDES,
    CatalogFacts,
    CustomerFacts,
    EnvironmentFacts,
    KeyFacts,
    LicenseFacts,
    PlanFacts,
    PlanTerms,
)
from verify.license_status import OVER_LIMIT, BillingState, Standing, Status, standing
from verify.limits.counted import NOTHING_COUNTED, Code, Counted, QuotaState
from verify.reasons import Reason, WarningCode
from verify.request import VerifyRequest

NOTHING = PlanTerms((), {})
ENDING_SOON = 3 * 24 * 3600 * 1000  # milliseconds before an end at which a verdict begins to warn of it


class Calm(msgspec.Struct, frozen=True, gc=False):
    """From `since` until before `until` no rule about the facts alone objects; the license stands as it does now."""

    since: int
    until: int | None
    standing: Standing


class Facts(msgspec.Struct, eq=False, gc=False):
    """All that is known of one key, good for as many requests as its parts stand. What follows from them alone is told
    here once: the `version` and `terms` in force, and the `scopes` of the key.

    `revision` is the highest of its parts; `said` is for verify.answer: what each verdict says of the plan.
    """

    environment: EnvironmentFacts
    key: KeyFacts
    license: LicenseFacts
    customer: CustomerFacts
    plan: PlanFacts
    revision: int
    catalog: CatalogFacts | None = None
    version: int = 0
    terms: PlanTerms = NOTHING
    scopes: frozenset[str] = frozenset()
    warns_from: int | None = None
    calm: Calm | None = None
    said: str | None = None

    def __post_init__(self) -> None:
        license, key = self.license, self.key
        self.version = effective_version(license, self.plan)
        self.terms = effective_terms(license, self.plan)
        self.scopes = _granted(self.terms.scopes, key.scopes)
        self.warns_from = _warns_from(key, license)

    def replace(self, **parts: Any) -> "Facts":
        """The same with other parts."""
        return Facts(**{name: getattr(self, name) for name in PARTS} | parts)


@lru_cache(maxsize=4096)
def _granted(terms: tuple[str, ...], key: tuple[str, ...] | None) -> frozenset[str]:
    """One set for all keys that are alike."""
    return frozenset(terms) if key is None else frozenset(terms).intersection(key)


PARTS = ("environment", "key", "license", "customer", "plan", "revision", "catalog")


# Compared for every call: a name of this module is found in a tenth of the time that a member of an Enum takes.
_VALID = Reason.VALID
_LIMITED, _EXCEEDED = _REFUSED = (Code.LIMITED, Code.EXCEEDED)


class Case(msgspec.Struct, frozen=True, gc=False):
    """One request beside what its facts amount to now."""

    request: VerifyRequest
    facts: Facts
    now: int
    standing: Standing
    counted: Counted = NOTHING_COUNTED


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """`case` is None for NOT_FOUND, which tells a stranger nothing; `detail` is None for VALID."""

    reason: Reason
    detail: str | None
    case: Case | None
    warnings: tuple[WarningCode, ...] = ()

    @property
    def valid(self) -> bool:
        return self.reason is _VALID


Rule = Callable[[Case], str | None]
Rules = tuple[tuple[Reason, Rule], ...]


def decide(facts: Facts | None, request: VerifyRequest, now: int) -> Verdict:
    """`now` in milliseconds since 1970 UTC; `facts` None when no key of this environment was presented."""
    if facts is None:
        return Verdict(Reason.NOT_FOUND, "This key is not known here; check that it is complete.", None)
    calm = facts.calm
    if calm is not None and calm.since <= now and (calm.until is None or now < calm.until):
        case = Case(request, facts, now, calm.standing)
        return _first_objection(REQUEST_RULES, case, () if facts.warns_from is None else _warnings(case))
    case = Case(request, facts, now, standing(facts.license, now))
    if all(objects(case) is None for _, objects in FACT_RULES):
        facts.calm = _calm(case)
    return _first_objection(RULES, case, _warnings(case))


def _calm(case: Case) -> Calm:
    """What the clock changes, it changes at one of these moments."""
    key, license, now = case.facts.key, case.facts.license, case.now
    grace_ends_at = license.billed.grace_ends_at if license.billed else None
    over_ends_at = license.over_limit.ends_at if license.over_limit else None
    ends = (license.expires_at, license.trial_ends_at, grace_ends_at, over_ends_at, key.expires_at)
    moments = [moment for moment in (license.starts_at, *ends) if moment is not None]
    ahead = [moment for moment in moments if moment > now]
    behind = [moment for moment in moments if moment <= now]
    return Calm(max(behind, default=0), min(ahead, default=None), _standing(*case.standing))


@lru_cache(maxsize=64)
def _standing(status: Status, reason: str | None) -> Standing:
    """One for all licenses that stand alike."""
    return Standing(status, reason)


def weigh(verdict: Verdict, counted: Counted) -> Verdict:
    """The verdict with the numbers of its limits and quotas; if no rule objected before, they may."""
    before = verdict.case
    if before is None:
        return verdict
    case = Case(before.request, before.facts, before.now, before.standing, counted)
    warnings = verdict.warnings
    for quota in counted.quotas:
        if quota.is_high:
            warnings = (*warnings, *(code for code in _of_quotas(counted.quotas) if code not in warnings))
            break
    if verdict.reason is _VALID and counted.code in _REFUSED:
        return _first_objection(COUNTED_RULES, case, warnings)
    return Verdict(verdict.reason, verdict.detail, case, warnings)


def _first_objection(rules: Rules, case: Case, warnings: tuple[WarningCode, ...]) -> Verdict:
    for reason, objects in rules:
        detail = objects(case)
        if detail is not None:
            return Verdict(reason, detail, case, warnings)
    return Verdict(_VALID, None, case, warnings)


def effective_version(license: LicenseFacts, plan: PlanFacts) -> int:
    """A license keeps the version it is pinned to until the plan's floor lifts it."""
    return max(license.plan_version, plan.floor)


def effective_terms(license: LicenseFacts, plan: PlanFacts) -> PlanTerms:
    """What the license grants: the version in force, with what was overridden for this license."""
    terms = plan.versions[effective_version(license, plan)]
    own = license.overrides
    if own == NO_OVERRIDES:
        return terms
    return PlanTerms(
        terms.scopes if own.scopes is None else own.scopes,
        {**terms.features, **own.features},
        terms.rate_limits if own.rate_limits is None else own.rate_limits,
        terms.quotas if own.quotas is None else own.quotas,
    )


def _key_is_revoked(case: Case) -> str | None:
    return "This key was revoked; issue a new one." if case.facts.key.revoked else None


def _key_is_suspended(case: Case) -> str | None:
    return "This key is suspended; reinstate it or use another." if case.facts.key.suspended else None


def _key_has_expired(case: Case) -> str | None:
    end = case.facts.key.expires_at
    return "This key has expired; issue or rotate to a new one." if end is not None and case.now >= end else None


def _license_is_revoked(case: Case) -> str | None:
    return "The license was revoked; a new license is needed." if case.standing.status is Status.REVOKED else None


def _license_is_suspended(case: Case) -> str | None:
    if case.standing.status is not Status.SUSPENDED:
        return None
    return _SUSPENDED.get(case.standing.reason or "", "The license is suspended; ask the vendor to reinstate it.")


_SUSPENDED = {
    "nonpayment": "The license is suspended, as an invoice was not paid; pay it to go on.",
    "refunded": "The license is suspended, as its last payment was refunded; pay the next invoice to go on.",
    "disputed": "The license is suspended, as its last payment is disputed; settle the dispute to go on.",
    OVER_LIMIT: "The license is suspended, as more seats are taken than it has; revoke keys or raise its quantity.",
}


def _license_is_pending(case: Case) -> str | None:
    if case.standing.status is not Status.PENDING:
        return None
    if case.standing.reason == "not_started":
        return "The license has not started yet; wait for its start."
    return "The first payment is not complete; complete it to begin."


def _license_has_expired(case: Case) -> str | None:
    over = case.standing.status in (Status.EXPIRED, Status.ENDED)
    return "The license has expired; renew it." if over else None


def _ip_is_not_allowed(case: Case) -> str | None:
    allowed = case.facts.key.allowed_ips
    if not allowed:
        return None
    if case.request.ip is None:
        return "This key is bound to addresses, and the call names none; send `ip`."
    address = ipaddress.ip_address(case.request.ip)
    mapped = getattr(address, "ipv4_mapped", None) or address
    if any(mapped in ipaddress.ip_network(network) for network in allowed):
        return None
    return f"Calls from {case.request.ip} are not allowed with this key."


def _user_is_another(case: Case) -> str | None:
    user = case.facts.key.user
    if user is None or user == case.request.user:
        return None
    return "This key belongs to another user; send `user` or use their own key."


def _scope_is_missing(case: Case) -> str | None:
    if case.facts.scopes.issuperset(case.request.scopes):
        return None
    missing = [scope for scope in case.request.scopes if scope not in case.facts.scopes]
    return f"The key lacks the scope {', '.join(missing)}."


def _feature_is_not_entitled(case: Case) -> str | None:
    if not case.request.features:
        return None
    missing = [code for code in case.request.features if not is_granted(case.facts.terms.features.get(code))]
    return f"The plan does not grant the feature {', '.join(missing)}." if missing else None


def is_granted(value: Any) -> bool:
    """A boolean feature is granted when true; a configured one by having any value, 0 and "" included."""
    return value is not None and value is not False


def _rate_is_exceeded(case: Case) -> str | None:
    if case.counted.code is not _LIMITED:
        return None
    over = [rate.name for rate in case.counted.rates if rate.level.wait_ms > 0]
    return f"Too many calls for the rate limit {', '.join(over)}; wait for `retry_after` seconds."


def _quota_is_exceeded(case: Case) -> str | None:
    if case.counted.code is not _EXCEEDED:
        return None
    over = [f"{quota.meter} ({quota.period})" for quota in case.counted.quotas if quota.refuses]
    return f"This would use more than the quota of {', '.join(over)}; wait for its reset or take a larger plan."


# In the order of their precedence: first what facts and clock decide, then what the request has a part in.
FACT_RULES: Rules = (
    (Reason.KEY_REVOKED, _key_is_revoked),
    (Reason.KEY_SUSPENDED, _key_is_suspended),
    (Reason.KEY_EXPIRED, _key_has_expired),
    (Reason.LICENSE_REVOKED, _license_is_revoked),
    (Reason.LICENSE_SUSPENDED, _license_is_suspended),
    (Reason.LICENSE_PENDING, _license_is_pending),
    (Reason.LICENSE_EXPIRED, _license_has_expired),
)

REQUEST_RULES: Rules = (
    (Reason.IP_NOT_ALLOWED, _ip_is_not_allowed),
    (Reason.USER_MISMATCH, _user_is_another),
    (Reason.SCOPE_MISSING, _scope_is_missing),
    (Reason.FEATURE_NOT_ENTITLED, _feature_is_not_entitled),
)

RULES: Rules = FACT_RULES + REQUEST_RULES

COUNTED_RULES: Rules = (
    (Reason.RATE_LIMITED, _rate_is_exceeded),
    (Reason.QUOTA_EXCEEDED, _quota_is_exceeded),
)


def _warns_from(key: KeyFacts, license: LicenseFacts) -> int | None:
    """Since when its facts alone may give a warning."""
    ends = [end for end in (license.trial_ends_at, license.expires_at, key.expires_at) if end is not None]
    in_grace = license.billed is not None and license.billed.state == BillingState.GRACE
    return 0 if key.rotated or in_grace or license.over_limit else min(ends) - ENDING_SOON if ends else None


def _warnings(case: Case) -> tuple[WarningCode, ...]:
    begins = case.facts.warns_from
    return () if begins is None or case.now < begins else tuple(_of_facts(case))


def _of_quotas(quotas: tuple[QuotaState, ...]) -> Iterator[WarningCode]:
    if any(quota.is_near for quota in quotas):
        yield WarningCode.QUOTA_NEAR
    if any(quota.is_over for quota in quotas):
        yield WarningCode.OVER_LIMIT


def _of_facts(case: Case) -> Iterator[WarningCode]:
    """Only of what still holds: an end that has passed is a reason, not a warning."""
    facts, now = case.facts, case.now

    def soon(end: int | None) -> bool:
        return end is not None and 0 < end - now <= ENDING_SOON

    if case.standing.status is Status.GRACE:
        yield WarningCode.IN_GRACE
    if facts.license.over_limit is not None and case.standing.reason != OVER_LIMIT:
        yield WarningCode.OVER_LIMIT
    if soon(facts.license.trial_ends_at):
        yield WarningCode.TRIAL_ENDING
    if soon(facts.license.expires_at):
        yield WarningCode.LICENSE_EXPIRING
    if soon(facts.key.expires_at):
        yield WarningCode.KEY_EXPIRING
    if facts.key.rotated:
        yield WarningCode.KEY_ROTATED
