"""Which status a reason gets, and that nothing in a header can be more than a value."""

import pytest

from verify.reasons import Reason
from verify.service.routes.forwarding.telling import kind_of, spelled


def test_who_is_calling_is_401_what_they_may_is_403_and_what_waiting_helps_is_429() -> None:
    told = {reason: kind_of(reason) for reason in Reason if reason is not Reason.VALID}
    assert {reason for reason, kind in told.items() if kind == "throttled"} == {"RATE_LIMITED", "QUOTA_EXCEEDED"}
    assert {reason for reason, kind in told.items() if kind == "unauthenticated"} >= {
        *("NOT_FOUND", "KEY_REVOKED", "KEY_SUSPENDED", "KEY_EXPIRED")
    }
    forbidden = {reason for reason, kind in told.items() if kind == "forbidden"}
    assert forbidden >= {*("LICENSE_REVOKED", "LICENSE_SUSPENDED", "LICENSE_PENDING", "LICENSE_EXPIRED")}
    assert forbidden >= {*("IP_NOT_ALLOWED", "USER_MISMATCH", "SCOPE_MISSING", "FEATURE_NOT_ENTITLED")}


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("reports:read", "reports:read"),
        ("a b", "a%20b"),
        ("a\r\nSet-Cookie: x", "a%0D%0ASet-Cookie:%20x"),
        ("100%", "100%25"),
        ("a,b", "a%2Cb"),
        ('a"b\\c', "a%22b%5Cc"),
        ("größe", "gr%C3%B6%C3%9Fe"),
    ],
)
def test_a_customers_text_cannot_be_more_than_a_value(text: str, header: str) -> None:
    assert spelled(text) == header
