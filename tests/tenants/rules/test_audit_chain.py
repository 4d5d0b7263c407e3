"""One link of the audit chain, and what the next one follows."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.rules.audit_chain import EMPTY, GENESIS, Head, continued, link, read

HEAD, OTHER = Head(7, b"\xab" * 32), Head(7, b"\xcd" * 32)
JSON = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4)


def test_a_link_is_the_sha256_of_what_the_docs_say() -> None:
    told = b'{"a":"\xc3\xa4","b":[1,null]}'
    expected = hashlib.sha256(HEAD.hash + (8).to_bytes(8) + told).digest()
    assert link(HEAD, {"b": [1, None], "a": "ä"}) == Head(8, expected)


@given(JSON, JSON)
def test_two_entries_have_one_link_only_if_they_are_one(first: dict[str, object], second: dict[str, object]) -> None:
    same = str(sorted(first.items())) == str(sorted(second.items()))
    assert (link(EMPTY, first) == link(EMPTY, second)) == same


def test_the_same_entry_elsewhere_is_another_link() -> None:
    hashes = {link(before, {}).hash for before in (EMPTY, HEAD, OTHER, HEAD._replace(position=8))}
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("sealed", "held", "follows"),
    [
        (HEAD, HEAD, HEAD),
        (HEAD, OTHER, HEAD),
        (HEAD, Head(5, b"\xab" * 32), HEAD),
        (HEAD, Head(9, b"\xcd" * 32), Head(9, HEAD.hash)),
        (None, HEAD, Head(7, GENESIS)),
    ],
    ids=["they agree", "rewritten", "cut", "lengthened", "no head"],
)
def test_what_only_the_tables_say_is_never_followed(sealed: Head | None, held: Head, follows: Head) -> None:
    assert continued(sealed, held) == follows


def test_a_head_is_read_as_it_is_shown() -> None:
    assert read(str(HEAD)) == HEAD
    for wrong in ("", "7", "7:", "x:00", f" {HEAD}", str(HEAD).upper(), f"07:{HEAD.hash.hex()}", "7:00"):
        assert read(wrong) is None
