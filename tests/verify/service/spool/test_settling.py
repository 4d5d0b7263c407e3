"""A call that may have been counted: once in the log in any case, and never without it if a client saw it admitted."""

import msgspec
import pytest

from tests.verify.limits.counters import logged_as
from verify.limits.call import Mode
from verify.limits.counted import Code
from verify.service.spool.record import Sent, Spooled
from verify.service.spool.settling import NEVER, settled


def record(reason: str, sent: Sent) -> Spooled:
    return Spooled(0, [int(Mode.RECORDED), "", "", "", [], []], logged_as(reason), sent)


def told(code: Code) -> bytes:
    return msgspec.msgpack.encode((17, [[int(Code.ADMITTED), [], []], [int(code), [], []]]))


AS_IT_IS, NOT_AGAIN, OVERRULING = "as it is", "not again", "overruling"


@pytest.mark.parametrize(
    ("code", "first_valid", "reason", "then"),
    [
        (Code.ADMITTED, True, "VALID", NOT_AGAIN),
        (Code.ADMITTED, True, "KEY_EXPIRED", NOT_AGAIN),
        (Code.REPEATED, True, "VALID", NOT_AGAIN),
        (Code.LIMITED, True, "VALID", OVERRULING),
        (Code.EXCEEDED, True, "VALID", OVERRULING),
        (Code.LIMITED, True, "KEY_EXPIRED", NOT_AGAIN),
        (Code.ADMITTED, False, "LICENSE_PENDING", NOT_AGAIN),
        (Code.ADMITTED, False, "VALID", OVERRULING),
        (Code.NOT_READY, False, "VALID", OVERRULING),
        (Code.NOT_READY, True, "VALID", AS_IT_IS),
        (Code.CONFLICT, True, "VALID", AS_IT_IS),
    ],
)
def test_what_a_batch_came_to_settles_the_call(code: Code, first_valid: bool, reason: str, then: str) -> None:  # noqa: FBT001 - a table
    one = record(reason, Sent("batch:{s00}:x", 1, first_valid))
    assert one.sent
    found = settled(one, one.sent, told(code))
    if then is NOT_AGAIN:
        assert found is None
    else:
        assert found
        assert found.logged.overrules is (then is OVERRULING)


def test_a_batch_that_never_ran_and_never_will_leaves_the_call_to_the_spool() -> None:
    one = record("VALID", Sent("batch:{s00}:x", 0, valid=True))
    assert one.sent
    assert settled(one, one.sent, NEVER) is one
