"""A stored digest opens nothing, is found again, and belongs to one environment and one purpose."""

import pytest

from verify.digests import Pepper, key_digests, parse_ring, secret_key_digests

OLD, NEW = Pepper(1, b"o" * 32), Pepper(2, b"n" * 32)


def test_the_current_pepper_makes_the_first_digest_and_older_ones_are_tried_after() -> None:
    versions = [digest.pepper_version for digest in key_digests((NEW, OLD), "env_1", "secret")]
    assert versions == [2, 1]


def test_the_same_key_has_another_digest_elsewhere() -> None:
    digests = [
        key_digests((NEW,), "env_1", "secret")[0].value,
        key_digests((NEW,), "env_2", "secret")[0].value,
        key_digests((OLD,), "env_1", "secret")[0].value,
        secret_key_digests((NEW,), "secret")[0].value,
    ]
    assert len(set(digests)) == len(digests)


def test_the_digest_of_a_known_key_never_changes_between_releases() -> None:
    """Computed by hand from RFC 2104 over `key NUL environment NUL format NUL secret`."""
    known = "346c83e6ac92e6bc76e1e51b0fc558574480bd99218a885557ff13e93001a995"
    assert key_digests((NEW,), "env_1", "secret")[0].value.hex() == known


@pytest.mark.parametrize(
    "text", ["", "1:short", "x:" + "A" * 43, "1:" + "A" * 43 + ",1:" + "B" * 43, "no colon", "1:" + "A" * 41 + "!"]
)
def test_a_ring_that_is_not_one_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is looked at below
        parse_ring(text)
    assert "AAAA" not in str(refused.value)


def test_a_ring_keeps_its_order() -> None:
    assert [pepper.version for pepper in parse_ring("7:" + "A" * 43 + ", 3:" + "B" * 43)] == [7, 3]
