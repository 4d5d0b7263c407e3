"""Ids sort by time, and each has exactly one spelling."""

import multiprocessing
import multiprocessing.queues
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor

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


def test_no_id_is_made_twice_by_threads_or_by_a_child_and_its_parent() -> None:
    ids.new_bytes()  # so that there is a stock that a child could take over
    context = multiprocessing.get_context("fork")
    theirs: multiprocessing.queues.Queue[list[bytes]] = context.Queue()
    child = context.Process(target=lambda: theirs.put([ids.new_bytes() for _ in range(1000)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that other threads do not come along, which is no matter
        child.start()
    with ThreadPoolExecutor(4) as several:
        made = [
            name for some in several.map(lambda _: [ids.new_bytes() for _ in range(1000)], range(4)) for name in some
        ]
    made += theirs.get(timeout=20)
    child.join(20)
    assert len({name[6:] for name in made}) == len(made) == 5000
