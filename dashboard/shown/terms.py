"""What a plan or a license grants, in words."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_IN_PERIOD = {"billing_period": "in a billing period", "lifetime": "in its lifetime"}


class Said(NamedTuple):
    """`lines` says nothing where there is nothing; `own` is what a license has otherwise than its plan."""

    term: str
    label: str
    lines: list[str]
    own: bool = False


def in_words(terms: Mapping[str, Any], own: Iterable[str] = ()) -> list[Said]:
    return [Said(term, label, say(terms), term in own) for term, (label, say) in _SENTENCES.items()]


def spelled(seconds: int) -> str:
    """In the largest unit that it is a multiple of: `5 minutes`."""
    unit, length = next((unit, length) for unit, length in _UNITS if seconds % length == 0)
    return _number(seconds // length, unit)


def _number(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _feature(code: str, value: Any) -> str:
    if isinstance(value, bool):
        return code if value else f"{code}: off"
    return f"{code}: {value}"


def _rate_limit(limit: Mapping[str, Any]) -> str:
    burst = "" if limit["burst"] == limit["limit"] else f", {limit['burst']:,} at once"
    period = spelled(limit["period_seconds"]).removeprefix("1 ")
    return f"{limit['name']}: {_number(limit['limit'], 'call')} per {period} and {limit['per']}{burst}"


def in_period(period: str) -> str:
    return _IN_PERIOD.get(period, f"per {period}")


def _quota(quota: Mapping[str, Any]) -> str:
    period = in_period(quota["period"])
    beyond = "denied" if quota["overage"] == "deny" else "allowed as overage"
    return f"{quota['meter']}: {quota['limit']:,} {period}, per {quota['per']}; more is {beyond}"


def _devices(terms: Mapping[str, Any]) -> list[str]:
    policy, most = terms["device_policy"], terms["max_devices"]
    if policy == "none" and most is None:
        return []
    named = "Not asked for" if policy == "none" else policy.capitalize()
    return [f"{named}, {'any number' if most is None else f'{most:,} at most'}"]


def _seats(terms: Mapping[str, Any]) -> list[str]:
    policy, days = terms["seat_policy"], terms["over_limit_days"]
    if policy == "none":
        return []
    if days is None:
        return [f"One per {policy}; too few are warned of"]
    when = f"after {_number(days, 'day')}" if days else "at once"
    return [f"One per {policy}; too few suspend the license {when}"]


def _optional(value: int | None, unit: str, sentence: str) -> list[str]:
    return [] if value is None else [sentence.format(_number(value, unit))]


_SENTENCES: dict[str, tuple[str, Any]] = {
    "features": ("Features", lambda terms: [_feature(*one) for one in sorted(terms["features"].items())]),
    "scopes": ("Scopes", lambda terms: list(terms["scopes"])),
    "rate_limits": ("Rate limits", lambda terms: [_rate_limit(limit) for limit in terms["rate_limits"]]),
    "quotas": ("Quotas", lambda terms: [_quota(quota) for quota in terms["quotas"]]),
    "duration_days": ("Lasts", lambda terms: _optional(terms["duration_days"], "day", "{}") or ["Without end"]),
    "trial_days": ("Trial", lambda terms: _optional(terms["trial_days"], "day", "{}")),
    "grace_days": ("Grace", lambda terms: [f"{_number(terms['grace_days'], 'day')} after a failed payment"]),
    "seat_policy": ("Seats", _seats),
    "max_devices": ("Devices", _devices),
    "token_ttl_seconds": ("Access tokens last", lambda terms: [spelled(terms["token_ttl_seconds"])]),
    "refresh_ttl_seconds": (
        "Refresh tokens last",
        lambda terms: [spelled(terms["refresh_ttl_seconds"])] if terms["refresh_ttl_seconds"] else [],
    ),
    "rotate_every_days": (
        "Keys are to be rotated",
        lambda terms: _optional(terms["rotate_every_days"], "day", "Every {}"),
    ),
    "stripe_price_ids": ("Stripe prices", lambda terms: list(terms["stripe_price_ids"])),
}


def changed_terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[Said, Said]]:
    """What reads otherwise: each as it was, and as it will be."""
    pairs = zip(in_words(before), in_words(after), strict=True)
    return [(was, will) for was, will in pairs if was.lines != will.lines]
