"""How a verdict is told: the JSON of docs/verify.md."""

from datetime import UTC, datetime, timedelta
from typing import Any

from verify.decision import Verdict, effective_version

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render(verdict: Verdict, request_id: str, now: int, *, degraded: bool = False) -> dict[str, Any]:
    """`now` in milliseconds. NOT_FOUND shows nothing but itself: it must not tell what exists."""
    body: dict[str, Any] = {
        "valid": verdict.valid,
        "code": verdict.reason.value,
        "request_id": request_id,
        "decided_at": rfc3339(now),
    }
    if verdict.detail is not None:
        body["detail"] = verdict.detail
    if degraded:
        body["degraded"] = True
    case = verdict.case
    if case is None:
        return body
    facts = case.facts
    return body | {
        "key": {"id": facts.key.id, "name": facts.key.name, "expires_at": rfc3339(facts.key.expires_at)},
        "license": {
            "id": facts.license.id,
            "status": case.standing.status.value,
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
        "warnings": [warning.value for warning in verdict.warnings],
        "rate_limits": [],
        "quotas": [],
        "revision": facts.revision,
    }


def rfc3339(milliseconds: int | None) -> str | None:
    """UTC with `Z` and milliseconds, as every time that Licet shows."""
    if milliseconds is None:
        return None
    whole = EPOCH + timedelta(milliseconds=milliseconds)
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")
