"""A head that came before means the same, and what is remembered stays small."""

import pytest

from verify.service.http.exchange import Refused
from verify.service.http.heads import LONGEST_REMEMBERED_BYTES, MOST_REMEMBERED, Heads


def head(number: int, field: str = "") -> bytes:
    return f"POST /{number} HTTP/1.1\r\nHost: x\r\n{field}\r\n".encode()


def test_the_second_time_it_is_remembered() -> None:
    heads = Heads()
    assert heads.try_reading(head(1)) == heads.try_reading(head(1)) == heads.get(head(1))
    assert heads.get(head(2)) is None


def test_heads_that_are_new_each_time_push_out_nothing() -> None:
    heads = Heads()
    for _ in range(2):
        heads.read(head(0))
    for number in range(1, 20_000):
        heads.read(head(number))
    assert heads.get(head(0)) is not None


def test_what_is_remembered_is_bounded() -> None:
    heads = Heads()
    for number in range(3 * MOST_REMEMBERED):
        heads.read(head(number))
        heads.read(head(number))
        assert len(heads._known) <= MOST_REMEMBERED
    large = head(1, f"X: {'y' * LONGEST_REMEMBERED_BYTES}\r\n")
    assert heads.read(large) == heads.read(large)
    assert heads.get(large) is None


@pytest.mark.parametrize(
    "field", ["Content-Length: 65537\r\n", "Content-Length: 9\r\nContent-Encoding: gzip\r\n", "X : y\r\n"]
)
def test_what_is_refused_is_refused_each_time(field: str) -> None:
    """A remembered head is taken as it is, so none may be remembered that ends in a refusal."""
    heads = Heads()
    for _ in range(3):
        assert heads.try_reading(head(1, field)) is None
        assert heads.get(head(1, field)) is None
    if " :" in field:
        with pytest.raises(Refused):
            heads.read(head(1, field))


def test_half_a_head_is_none() -> None:
    assert Heads().try_reading(head(1)[:-2]) is None
    assert Heads().try_reading(b"") is None
