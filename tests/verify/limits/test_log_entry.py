"""The log comes back as it was written, also by a node that knows more or less than the drain."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verify.limits.counters import logged_as
from verify.limits.counted import Code
from verify.limits.log_entry import Logged, Unknown, encode, encode_calls, encode_unknown, unknown, verdicts
from verify.reasons import Reason


def entry(*calls: tuple[str, Code]) -> dict[bytes, bytes]:
    outcomes: list[list[Any]] = [[int(code), [], []] for _, code in calls]
    return {
        b"calls": encode_calls([logged_as(reason) for reason, _ in calls]),
        b"outcomes": msgspec.msgpack.encode((17, outcomes)),
    }


@pytest.mark.parametrize(
    ("reason", "code", "told"),
    [
        ("VALID", Code.ADMITTED, ("VALID", False, True)),
        ("VALID", Code.LIMITED, ("RATE_LIMITED", False, False)),
        ("VALID", Code.EXCEEDED, ("QUOTA_EXCEEDED", False, False)),
        ("VALID", Code.REPEATED, ("VALID", True, False)),
        ("SCOPE_MISSING", Code.ADMITTED, ("SCOPE_MISSING", False, False)),
        ("KEY_REVOKED", Code.NOT_READY, ("KEY_REVOKED", False, False)),
    ],
)
def test_a_verdict_is_what_the_caller_was_told(reason: str, code: Code, told: tuple[str, bool, bool]) -> None:
    (one,) = verdicts(entry((reason, code)))
    assert (one.reason, one.repeat, one.admitted) == told
    assert one.logged_at_us == 17


def test_what_got_no_verdict_is_left_out() -> None:
    calls = [("VALID", Code.NOT_READY), ("VALID", Code.CONFLICT), ("KEY_REVOKED", Code.CONFLICT)]
    assert verdicts(entry(*calls)) == []


def test_a_newer_node_may_say_more_and_an_older_one_less() -> None:
    fields = entry(("VALID", Code.ADMITTED))
    (known,) = verdicts(fields)
    (told,) = msgspec.msgpack.decode(fields[b"calls"])
    longer = fields | {b"calls": msgspec.msgpack.encode([[*told, "a later field"]])}
    shorter = fields | {b"calls": msgspec.msgpack.encode([told[:16]])}
    assert verdicts(longer) == verdicts(shorter) == [known]


def test_counts_of_unknown_keys_come_back() -> None:
    counts = [Unknown(b"1" * 16, "env_1", 60_000, 3)]
    fields = {b"unknown": encode_unknown(counts)}
    assert (unknown(fields), verdicts(fields)) == (counts, [])


@pytest.mark.parametrize("noise", [b"", b"\xc1", b"\x93\x01"])
def test_noise_is_told_from_an_entry(noise: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        verdicts({b"calls": noise, b"outcomes": noise})


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**53),
    st.sampled_from(list(Reason)),
    st.dictionaries(st.text(max_size=20), st.integers(0, 10**12), max_size=3),
    st.lists(st.text(max_size=40), max_size=20),
    st.none() | st.text(max_size=300),
)
def test_what_a_node_writes_is_what_the_drain_reads(
    name: bytes, moment: int, reason: Reason, usage: dict[str, int], words: list[str], text: str | None
) -> None:
    logged = Logged(
        id=name,
        decided_at=moment,
        environment="env_1",
        customer="cus_1",
        license="lic_1",
        key="key_1",
        plan="plan_1",
        plan_version=7,
        reason=reason,
        usage=usage,
        added=usage,
        charges=dict.fromkeys(usage, 511),
        features=words,
        scopes=words[::-1],
        revision=2**40,
        latency_us=2**31,
        ip=text,
        method=text,
        resource=text,
        user=text,
        device=text,
        context='{"a":1}',
        digest="f" * 64,
        pepper_version=3,
    )
    assert msgspec.msgpack.decode(encode(logged), type=Logged) == logged
