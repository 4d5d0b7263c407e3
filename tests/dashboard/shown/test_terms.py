"""Terms in words."""

from typing import Any

import pytest

from dashboard.shown.terms import changed_terms, in_words, spelled

NOTHING: dict[str, Any] = {
    "features": {},
    "scopes": [],
    "rate_limits": [],
    "quotas": [],
    "stripe_price_ids": [],
    "grace_days": 14,
    **dict.fromkeys(("duration_days", "trial_days", "max_devices", "refresh_ttl_seconds", "rotate_every_days")),
    "device_policy": "none",
    "seat_policy": "none",
    "over_limit_days": 14,
    "token_ttl_seconds": 300,
}


def said(term: str, **terms: Any) -> list[str]:
    return next(found.lines for found in in_words(NOTHING | terms) if found.term == term)


def test_nothing_granted_says_nothing() -> None:
    spoken = {found.label: found.lines for found in in_words(NOTHING) if found.lines}
    assert spoken == {
        "Lasts": ["Without end"],
        "Grace": ["14 days after a failed payment"],
        "Access tokens last": ["5 minutes"],
    }


def test_a_feature_is_told_with_its_value() -> None:
    assert said("features", features={"sso": False, "export": True, "seats": 5}) == ["export", "seats: 5", "sso: off"]


def test_a_rate_limit_is_a_sentence() -> None:
    limit = {"name": "steady", "limit": 1000, "period_seconds": 60, "burst": 1000, "per": "license"}
    assert said("rate_limits", rate_limits=[limit]) == ["steady: 1,000 calls per minute and license"]
    odd = {**limit, "limit": 1, "period_seconds": 90, "burst": 7, "per": "key"}
    assert said("rate_limits", rate_limits=[odd]) == ["steady: 1 call per 90 seconds and key, 7 at once"]


@pytest.mark.parametrize(
    ("period", "overage", "sentence"),
    [
        ("month", "deny", "requests: 5,000 per month, per license; more is denied"),
        ("lifetime", "allow", "requests: 5,000 in its lifetime, per license; more is allowed as overage"),
        ("billing_period", "deny", "requests: 5,000 in a billing period, per license; more is denied"),
    ],
)
def test_a_quota_is_a_sentence(period: str, overage: str, sentence: str) -> None:
    quota = {"meter": "requests", "limit": 5000, "period": period, "overage": overage, "per": "license"}
    assert said("quotas", quotas=[quota]) == [sentence]


@pytest.mark.parametrize(
    ("policy", "most", "lines"),
    [
        ("none", None, []),
        ("none", 3, ["Not asked for, 3 at most"]),
        ("optional", None, ["Optional, any number"]),
        ("required", 0, ["Required, 0 at most"]),
    ],
)
def test_devices_are_told_where_they_matter(policy: str, most: int | None, lines: list[str]) -> None:
    assert said("max_devices", device_policy=policy, max_devices=most) == lines


@pytest.mark.parametrize(
    ("policy", "days", "lines"),
    [
        ("none", 14, []),
        ("key", 1, ["One per key; too few suspend the license after 1 day"]),
        ("key", 0, ["One per key; too few suspend the license at once"]),
        ("user", None, ["One per user; too few are warned of"]),
    ],
)
def test_seats_are_told_where_they_are_counted(policy: str, days: int | None, lines: list[str]) -> None:
    assert said("seat_policy", seat_policy=policy, over_limit_days=days) == lines


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (90, "90 seconds"), (300, "5 minutes"), (86_400, "1 day")]
)
def test_a_time_is_spelled_in_its_largest_whole_unit(seconds: int, words: str) -> None:
    assert spelled(seconds) == words


def test_only_what_reads_otherwise_is_a_change() -> None:
    changed = changed_terms(NOTHING, NOTHING | {"trial_days": 1, "scopes": []})
    assert [(was.label, was.lines, will.lines) for was, will in changed] == [("Trial", [], ["1 day"])]


def test_what_a_license_has_of_its_own_is_marked() -> None:
    assert [found.term for found in in_words(NOTHING, own={"scopes": []}) if found.own] == ["scopes"]
