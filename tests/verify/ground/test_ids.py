"""Ids sort by time, and each has exactly one spelling."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from verify.ground import ids


@given(st.uuids())
def test_every_uuid_comes_back(value: uuid.UUID) -> None:
    assert ids.decode("lic", ids.encode("lic", value)) == value


@given(st.text())
def test_only_what_encode_writes_is_read(text: str) -> None:
    value = ids.decode("lic", text)
    assert value is None or ids.encode("lic", value) == text


def test_another_prefix_is_another_thing() -> None:
    assert ids.decode("key", ids.new("lic")) is None


def test_upper_case_and_look_alikes_are_not_read() -> None:
    known = ids.encode("lic", uuid.UUID(int=0))
    assert ids.decode("lic", known) is not None
    assert ids.decode("lic", known.replace("0", "O")) is None
    assert ids.decode("lic", ids.new("lic").upper()) is None


def test_new_ids_are_version_7_and_sort_by_milliseconds() -> None:
    made = [ids.new_uuid() for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    times = [one.int >> 80 for one in made]
    assert times == sorted(times)
