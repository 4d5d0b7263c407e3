"""A sealed secret opens in its own place alone, and only unaltered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.digests import Pepper
from verify.sealing import BrokenSeal, KeyNotInRing, Place, seal, unseal

OLD, NEW = Pepper(1, b"o" * 32), Pepper(2, b"n" * 32)
PLACE = Place("org_1", "table", "row", "column")


@given(st.binary())
def test_what_was_sealed_comes_back(secret: bytes) -> None:
    assert unseal((NEW,), PLACE, seal((NEW,), PLACE, secret)) == secret


def test_a_seal_under_an_older_key_opens_while_that_key_is_in_the_ring() -> None:
    sealed = seal((OLD,), PLACE, b"secret")
    assert unseal((NEW, OLD), PLACE, sealed) == b"secret"
    with pytest.raises(BrokenSeal):
        unseal((NEW,), PLACE, sealed)


@pytest.mark.parametrize("part", Place._fields)
def test_a_seal_pasted_elsewhere_is_refused(part: str) -> None:
    sealed = seal((NEW,), PLACE, b"secret")
    with pytest.raises(BrokenSeal):
        unseal((NEW,), PLACE._replace(**{part: "other"}), sealed)


@given(st.data())
def test_any_altered_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal((NEW,), PLACE, b"secret"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BrokenSeal):
        unseal((NEW, OLD), PLACE, bytes(sealed))


@given(st.binary())
def test_noise_is_refused_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(BrokenSeal):
        unseal((NEW,), PLACE, noise)


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert seal((NEW,), PLACE, b"secret") != seal((NEW,), PLACE, b"secret")


def test_a_key_that_is_not_in_the_ring_is_told_apart_from_a_forgery() -> None:
    with pytest.raises(KeyNotInRing):
        unseal((NEW,), PLACE, seal((OLD,), PLACE, b"secret"))
