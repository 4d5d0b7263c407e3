"""Keys are spelled so that a typing error, another's key or a scanner can be told at a glance."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify import key_format

PUBLISHED = re.compile(r"^[a-z0-9]{1,16}_(test|live)_lc[0-9A-Za-z]{30}[0-9A-Za-z]{6}$")


@given(st.from_regex(r"\A[a-z0-9]{1,16}\Z"), st.sampled_from(["test", "live"]))
def test_what_is_generated_has_the_published_pattern_and_parses(prefix: str, mode: key_format.Mode) -> None:
    key = key_format.generate(prefix, mode)
    assert PUBLISHED.match(key)
    assert key_format.parse(key) == (prefix, mode, key[-4:])


@given(st.data())
def test_any_changed_letter_is_noticed(data: st.DataObject) -> None:
    key = key_format.generate("acme", "live")
    place = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.characters().filter(lambda other: other != key[place]))
    assert key_format.parse(key[:place] + letter + key[place + 1 :]) is None


@given(st.text())
def test_no_other_text_is_taken_for_a_key(text: str) -> None:
    assert key_format.parse(text) is None


@pytest.mark.parametrize("prefix", ["", "UPPER", "with_underscore", "x" * 17, "ü"])
def test_a_prefix_that_would_break_the_pattern_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        key_format.generate(prefix, "test")


def test_no_key_is_made_twice() -> None:
    assert len({key_format.generate("a", "test") for _ in range(10_000)}) == 10_000
