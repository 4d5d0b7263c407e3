"""What is put together from parts is the JSON that the document promises, for every verdict."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.verify.test_decision import ASKED, DAY, FACTS, FULL, NOW, OBJECTIONS, STEADY
from tests.verify.test_upgrade import sold
from verify.answer import Answer, Outcome, render, rfc3339
from verify.decision import Verdict, decide, weigh
from verify.limits.counted import Code, Counted
from verify.limits.gcra import Level
from verify.reasons import Reason
from verify.request import VerifyRequest

NAME = "req_01"


def told(verdict: Verdict, **beside: Any) -> dict[str, Any]:
    shape = Outcome if verdict.case is None else Answer
    read: dict[str, Any] = msgspec.json.decode(render(verdict, NAME, NOW, **beside), type=shape)
    return read


def test_a_grant_shows_all_there_is() -> None:
    rate, quota = replace(STEADY, level=Level(9, NOW + 500, 0.0)), replace(FULL, used=7)
    assert told(weigh(decide(FACTS, ASKED, NOW), Counted(Code.ADMITTED, (rate,), (quota,)))) == {
        "valid": True,
        "code": "VALID",
        "request_id": NAME,
        "decided_at": "2027-01-15T08:00:00.000Z",
        "key": {"id": "key_1", "name": None, "expires_at": None},
        "license": {"id": "lic_1", "status": "active", "expires_at": None},
        "customer": {"id": "cus_1", "external_id": None},
        "plan": {"id": "plan_1", "code": "pro", "version": 1},
        "scopes": ["read", "write"],
        "features": {"export": True, "seats": 5, "off": False},
        "warnings": [],
        "rate_limits": [{"name": "steady", "limit": 10, "remaining": 9, "reset_at": "2027-01-15T08:00:00.500Z"}],
        "quotas": [
            {
                "meter": "requests",
                "period": "day",
                "per": "license",
                "limit": 100,
                "used": 7,
                "remaining": 93,
                "resets_at": "2027-01-16T08:00:00.000Z",
                "overage": "deny",
            }
        ],
        "revision": 7,
    }


@pytest.mark.parametrize("reason", OBJECTIONS)
def test_a_denial_shows_the_same_and_what_to_do(reason: Reason) -> None:
    verdict = decide(*OBJECTIONS[reason], NOW)
    shown = told(verdict)
    assert (shown["valid"], shown["code"], shown["detail"]) == (False, reason, verdict.detail)
    assert shown["key"]["id"] == "key_1"


def test_not_found_shows_nothing_but_itself() -> None:
    assert set(told(decide(None, ASKED, NOW))) == {"valid", "code", "request_id", "decided_at", "detail"}


def test_what_helps_is_said_where_it_helps() -> None:
    limited = weigh(decide(sold(), ASKED, NOW), Counted(Code.LIMITED, (STEADY,), ()))
    used_up = weigh(decide(sold(), ASKED, NOW), Counted(Code.EXCEEDED, (), (FULL,)))
    for_ever = weigh(decide(FACTS, ASKED, NOW), Counted(Code.EXCEEDED, (), (replace(FULL, resets_at=None),)))
    assert (told(limited)["retry_after"], told(limited)["upgrade"]["plan"]) == (0.25, "large")
    assert told(used_up)["retry_after"] == DAY / 1000
    assert "retry_after" not in told(for_ever)
    assert "upgrade" not in told(for_ever)


def test_the_status_is_that_of_the_moment_however_often_it_was_said_before() -> None:
    facts = FACTS.replace(license=msgspec.structs.replace(FACTS.license, expires_at=NOW + 1))
    statuses = [told(decide(facts, ASKED, moment))["license"]["status"] for moment in (NOW, NOW, NOW + 1, NOW)]
    assert statuses == ["active", "active", "expired", "active"]


def test_the_revision_is_the_higher_of_key_and_caller() -> None:
    assert [told(decide(FACTS, ASKED, NOW), revision=other)["revision"] for other in (6, 8)] == [7, 8]


@pytest.mark.parametrize("facts", [FACTS, None], ids=["a known key", "an unknown one"])
def test_a_verdict_from_memory_alone_says_so(facts: Any) -> None:
    assert told(decide(facts, ASKED, NOW), degraded=True)["degraded"] is True
    assert "degraded" not in told(decide(facts, ASKED, NOW))


@given(st.text(), st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)))
def test_every_text_is_told_as_json(name: str, scope: str, features: dict[str, Any]) -> None:
    terms = msgspec.structs.replace(FACTS.terms, features=features)
    facts = FACTS.replace(
        key=msgspec.structs.replace(FACTS.key, name=name),
        plan=msgspec.structs.replace(FACTS.plan, versions={1: terms}),
    )
    quota, rate = replace(FULL, meter=scope), replace(STEADY, name=name)
    shown = told(
        weigh(decide(facts, VerifyRequest(key="a", scopes=[scope]), NOW), Counted(Code.ADMITTED, (rate,), (quota,)))
    )
    assert (shown["key"]["name"], shown["features"]) == (name, features)
    assert (shown["rate_limits"][0]["name"], shown["quotas"][0]["meter"]) == (name, scope)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_800_000_000_999, "2027-01-15T08:00:00.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_utc_to_the_millisecond(milliseconds: int, text: str) -> None:
    assert rfc3339(milliseconds) == text
