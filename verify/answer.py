"""How a verdict is told: the JSON of docs/verify.md. The types are what the service's OpenAPI document is made from."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NotRequired, TypedDict, overload

from msgspec import Meta

from verify.decision import Verdict, effective_version
from verify.ground.openapi import id_schema
from verify.license_status import Status
from verify.limits.counted import QuotaState, RateState
from verify.reasons import Reason, WarningCode
from verify.upgrade import upgrade_for

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
RequestId = Annotated[str, Meta(extra_json_schema=id_schema("req"))]
KeyId = Annotated[str, Meta(extra_json_schema=id_schema("key"))]
LicenseId = Annotated[str, Meta(extra_json_schema=id_schema("lic"))]
CustomerId = Annotated[str, Meta(extra_json_schema=id_schema("cus"))]
PlanId = Annotated[str, Meta(extra_json_schema=id_schema("plan"))]


class KeyShown(TypedDict):
    id: KeyId
    name: str | None
    expires_at: Moment | None


class LicenseShown(TypedDict):
    id: LicenseId
    status: Status
    expires_at: Moment | None


class CustomerShown(TypedDict):
    id: CustomerId
    external_id: str | None


class PlanShown(TypedDict):
    id: PlanId
    code: str
    version: int


class RateLimitShown(TypedDict):
    name: str
    limit: int
    remaining: int
    reset_at: Moment


class QuotaShown(TypedDict):
    """`resets_at` is null for a lifetime; `overage` says what happens at the limit."""

    meter: str
    period: str
    per: str
    limit: int
    used: int
    remaining: int
    resets_at: Moment | None
    overage: str


class UpgradeShown(TypedDict):
    """A plan that would grant it, by its code."""

    plan: str
    url: str | None


class Outcome(TypedDict):
    """What every verdict says; `detail` unless it is VALID. `retry_after` in seconds, where waiting helps."""

    valid: bool
    code: Reason
    request_id: RequestId
    decided_at: Moment
    detail: NotRequired[str]
    degraded: NotRequired[bool]
    retry_after: NotRequired[float]
    upgrade: NotRequired[UpgradeShown]


class Answer(Outcome):
    """A verdict about a key that is known."""

    key: KeyShown
    license: LicenseShown
    customer: CustomerShown
    plan: PlanShown
    scopes: list[str]
    features: dict[str, Any]
    warnings: list[WarningCode]
    rate_limits: list[RateLimitShown]
    quotas: list[QuotaShown]
    revision: int


def render(verdict: Verdict, request_id: str, now: int, *, degraded: bool = False) -> Outcome | Answer:
    """`now` in milliseconds. NOT_FOUND shows nothing but itself: it must not tell what exists."""
    outcome: Outcome = {
        "valid": verdict.valid,
        "code": verdict.reason,
        "request_id": request_id,
        "decided_at": rfc3339(now),
    }
    if verdict.detail is not None:
        outcome["detail"] = verdict.detail
    if degraded:
        outcome["degraded"] = True
    case = verdict.case
    if case is None:
        return outcome
    _add_what_helps(outcome, verdict)
    facts = case.facts
    return {
        **outcome,
        "key": {"id": facts.key.id, "name": facts.key.name, "expires_at": rfc3339(facts.key.expires_at)},
        "license": {
            "id": facts.license.id,
            "status": case.standing.status,
            "expires_at": rfc3339(facts.license.expires_at),
        },
        "customer": {"id": facts.customer.id, "external_id": facts.customer.external_id},
        "plan": {
            "id": facts.plan.id,
            "code": facts.plan.code,
            "version": effective_version(facts.license, facts.plan),
        },
        "scopes": sorted(case.scopes),
        "features": case.terms.features,
        "warnings": list(verdict.warnings),
        "rate_limits": [_rate(rate) for rate in case.counted.rates],
        "quotas": [_quota(quota) for quota in case.counted.quotas],
        "revision": facts.revision,
    }


def _add_what_helps(outcome: Outcome, verdict: Verdict) -> None:
    wait_ms, better = retry_after_ms(verdict), upgrade_for(verdict)
    if wait_ms is not None:
        outcome["retry_after"] = round(wait_ms / 1000, 6)
    if better is not None:
        outcome["upgrade"] = {"plan": better.plan, "url": better.url}


def retry_after_ms(verdict: Verdict) -> float | None:
    """How long the limit that is free last will take; None where waiting does not help."""
    case = verdict.case
    if case is None:
        return None
    if verdict.reason is Reason.RATE_LIMITED:
        return max(rate.level.wait_ms for rate in case.counted.rates)
    if verdict.reason is Reason.QUOTA_EXCEEDED:
        resets = [quota.resets_at for quota in case.counted.quotas if quota.refuses]
        return None if None in resets else max(moment - case.now for moment in resets if moment is not None)
    return None


def _rate(rate: RateState) -> RateLimitShown:
    level = rate.level
    return {
        "name": rate.name,
        "limit": rate.limit,
        "remaining": level.remaining,
        "reset_at": rfc3339(level.reset_at),
    }


def _quota(quota: QuotaState) -> QuotaShown:
    return {
        "meter": quota.meter,
        "period": quota.period,
        "per": quota.per,
        "limit": quota.limit,
        "used": quota.used,
        "remaining": quota.remaining,
        "resets_at": rfc3339(quota.resets_at),
        "overage": quota.overage,
    }


@overload
def rfc3339(milliseconds: int) -> str: ...
@overload
def rfc3339(milliseconds: int | None) -> str | None: ...
def rfc3339(milliseconds: int | None) -> str | None:
    """UTC with `Z` and milliseconds, as every time that Licet shows."""
    if milliseconds is None:
        return None
    whole = EPOCH + timedelta(milliseconds=milliseconds)
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")
