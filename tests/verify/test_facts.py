"""Facts come back as they were sent, also from a control plane that knows more or less than this service."""

import msgspec
import pytest

from verify import facts
from verify.facts import BillingFacts, CustomerFacts, Fact, KeyFacts, LicenseFacts, PlanFacts, PlanTerms

KEY = KeyFacts("key_1", "name", "lic_1", ("a",), None, suspended=False, revoked=True, allowed_ips=("10.0.0.0/8",))


def test_a_fact_comes_back_with_its_version() -> None:
    assert facts.decode("key", facts.encode(3, 9, KEY)) == (3, 9, KEY)
    plan = PlanFacts("plan_1", "pro", 1, {1: PlanTerms(("read",), {"export": True, "seats": 3, "tier": "gold"})})
    assert facts.decode("plan", facts.encode(1, 1, plan)).fact == plan


def test_a_newer_sender_may_have_appended_fields() -> None:
    longest = msgspec.structs.replace(KEY, user="u_1", rotated=True, counts_as="key_0")
    epoch, revision, body = msgspec.msgpack.decode(facts.encode(3, 9, longest))
    assert facts.decode("key", msgspec.msgpack.encode([epoch, revision, [*body, "a later field"]])).fact == longest


def test_the_last_fields_are_left_out_as_long_as_they_say_nothing() -> None:
    license = LicenseFacts("lic_1", "cus_1", "plan_1", 1, 0, None, None, suspended=False, revoked=False)
    billed = msgspec.structs.replace(license, billed=BillingFacts("active"))
    lengths: list[tuple[Fact, int]] = [(KEY, 8), (license, 9), (billed, 12), (CustomerFacts("cus_1", None), 2)]
    for fact, fields in lengths:
        epoch, revision, body = msgspec.msgpack.decode(facts.encode(3, 9, fact))
        assert len(body) == fields
        assert facts.decode(fact.KIND, facts.encode(3, 9, fact)) == (3, 9, fact)
        whole = msgspec.msgpack.encode([epoch, revision, fact])  # as it was told before
        assert facts.decode(fact.KIND, whole).fact == fact


def test_an_older_sender_may_lack_the_last_fields() -> None:
    epoch, revision, body = msgspec.msgpack.decode(facts.encode(3, 9, KEY))
    assert body[7:] == [["10.0.0.0/8"]]
    without = facts.decode("key", msgspec.msgpack.encode([epoch, revision, body[:7]])).fact
    assert without == KeyFacts("key_1", "name", "lic_1", ("a",), None, suspended=False, revoked=True)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03", msgspec.msgpack.encode(["x", 1, []])])
def test_noise_is_told_from_a_fact(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        facts.decode("key", data)


def test_every_kind_has_its_own_keys_in_redis() -> None:
    for kind in facts.TYPES:
        assert facts.kind_and_name(facts.redis_key(kind, "a:b")) == (kind, "a:b")
