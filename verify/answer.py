"""How a verdict is told: the JSON of docs/verify.md, put together from parts that are encoded once.

The types are what the service's OpenAPI document is made from, and what the parts are encoded as.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, NotRequired, TypedDict, overload

import msgspec
from msgspec import Meta

from verify.decision import Facts, Verdict
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


def render(verdict: Verdict, request_id: str, now: int, revision: int = 0, *, degraded: bool = False) -> bytes:
    """An Outcome or Answer in JSON. `now` in milliseconds; `revision` if the caller's facts have a higher one.

    NOT_FOUND shows nothing but itself: it must not tell what exists.
    """
    case = verdict.case
    opened = f'{_HEADS[verdict.reason]}"request_id":"{request_id}","decided_at":"{rfc3339(now)}"'
    beside = "" if verdict.detail is None and not degraded else _beside(verdict, degraded=degraded)
    if case is None:
        return f"{opened}{beside}}}".encode()
    facts, counted = case.facts, case.counted
    own, plan = _own(facts, case.standing.status), facts.said
    if plan is None:
        sold = facts.plan
        plan = facts.said = _plan(sold.id, sold.code, facts.version, facts.scopes, _encode(facts.terms.features))
    warnings = _text(verdict.warnings) if verdict.warnings else "[]"
    rates, quotas = ",".join(map(_rate, counted.rates)), ",".join(map(_quota, counted.quotas))
    newest = max(revision, facts.revision)
    return (
        f'{opened}{beside}{own}{plan}{warnings},"rate_limits":[{rates}],"quotas":[{quotas}],"revision":{newest}}}'
    ).encode()


_encode = msgspec.json.Encoder().encode


def _text(told: Any) -> str:
    return _encode(told).decode()


_HEADS = {
    reason: _text({"valid": reason is Reason.VALID, "code": reason})[:-1] + "," for reason in Reason
}  # each the beginning of an object


def _beside(verdict: Verdict, *, degraded: bool) -> str:
    """What a refusal says more than a grant, as further members of an object."""
    told: dict[str, Any] = {}
    if verdict.detail is not None:
        told["detail"] = verdict.detail
    if degraded:
        told["degraded"] = True
    wait_ms, better = retry_after_ms(verdict), upgrade_for(verdict)
    if wait_ms is not None:
        told["retry_after"] = round(wait_ms / 1000, 6)
    if better is not None:
        told["upgrade"] = UpgradeShown(plan=better.plan, url=better.url)
    return "," + _text(told)[1:-1]


def _own(facts: Facts, status: Status) -> str:
    """`key` (KeyShown), `license` (LicenseShown) and `customer` (CustomerShown), put together for each verdict: kept
    for each key it would be the largest part of what is held of it. Ids need no escaping.
    """
    key, license, customer = facts.key, facts.license, facts.customer
    ends = "null" if key.expires_at is None else f'"{rfc3339(key.expires_at)}"'
    expires = "null" if license.expires_at is None else f'"{rfc3339(license.expires_at)}"'
    return (
        f',"key":{{"id":"{key.id}","name":{_encode(key.name).decode()},"expires_at":{ends}}}'
        f',"license":{{"id":"{license.id}","status":{_STATUSES[status]},"expires_at":{expires}}}'
        f',"customer":{{"id":"{customer.id}","external_id":{_encode(customer.external_id).decode()}}}'
    )


_STATUSES = {status: _text(status) for status in Status}  # a member of an Enum takes 0.2 µs to write itself


@lru_cache(maxsize=4096)
def _plan(name: str, code: str, version: int, scopes: frozenset[str], features: bytes) -> str:
    """`plan`, `scopes` and `features`, up to the value of `warnings`; held once for all keys of a plan."""
    plan: PlanShown = {"id": name, "code": code, "version": version}
    shown = {"plan": plan, "scopes": sorted(scopes), "features": msgspec.Raw(features)}
    return f',{_text(shown)[1:-1]},"warnings":'


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


def _rate(rate: RateState) -> str:
    level = rate.level
    return (
        f'{_rate_begins(rate.name, rate.limit)},"remaining":{level.remaining},"reset_at":"{rfc3339(level.reset_at)}"}}'
    )


@lru_cache(maxsize=4096)
def _rate_begins(name: str, limit: int) -> str:
    return _text({"name": name, "limit": limit})[:-1]


def _quota(quota: QuotaState) -> str:
    begins, ends = _quota_frame(quota.meter, quota.period, quota.per, quota.limit, quota.resets_at, quota.overage)
    return f'{begins},"used":{quota.used},"remaining":{quota.remaining},{ends}'


@lru_cache(maxsize=4096)
def _quota_frame(meter: str, period: str, per: str, limit: int, resets_at: int | None, overage: str) -> tuple[str, str]:
    """What stands before and after the numbers that each call changes."""
    begins = _text({"meter": meter, "period": period, "per": per, "limit": limit})[:-1]
    return begins, _text({"resets_at": rfc3339(resets_at), "overage": overage})[1:]


@overload
def rfc3339(milliseconds: int) -> str: ...
@overload
def rfc3339(milliseconds: int | None) -> str | None: ...
def rfc3339(milliseconds: int | None) -> str | None:
    """UTC with `Z` and milliseconds, as every time that Licet shows."""
    if milliseconds is None:
        return None
    return _second(milliseconds // 1000) + _ENDS[milliseconds % 1000]


_ENDS = [f".{rest:03}Z" for rest in range(1000)]


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds").removesuffix("+00:00")
