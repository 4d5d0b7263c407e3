"""/metrics of one process, and of several that share a folder."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from verify.service import metrics
from verify.service.metrics import exposition
from verify.service.metrics.exposition import SUFFIX, Told, own, text


def told(folder: Path | None) -> dict[tuple[str, str], float]:
    """Values by name and the one label."""
    families = text_string_to_metric_families(text(folder).decode())
    return {(one.name, "".join(one.labels.values())): one.value for family in families for one in family.samples}


def leave(folder: Path, name: str, told: Told, *, seconds_ago: float = 0) -> None:
    """As another process does, or did."""
    path = folder / f"{name}{SUFFIX}"
    path.write_bytes(msgspec.msgpack.encode(told))
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    """Something in this process, whose numbers are those of all tests in it."""
    before = metrics.FACTS_HELD.value
    metrics.VERDICTS.inc("VALID")
    metrics.BATCHES.inc(3)
    metrics.SECONDS.observe(0.0012)
    metrics.FACTS_HELD.set(5)
    yield
    metrics.FACTS_HELD.set(before)


def other() -> Told:
    found = own()
    found.counters["licet_verify_batches"] = 4
    found.by_code["licet_verify_verdicts"] = {"VALID": 2, "KEY_REVOKED": 7}
    found.gauges["licet_verify_facts_held"] = 6
    return found


def test_one_process_tells_its_own_numbers_and_of_itself(tmp_path: Path) -> None:
    found = told(None)
    assert found["licet_verify_batches_total", ""] == metrics.BATCHES.value
    assert found["licet_verify_verdicts_total", "VALID"] == metrics.VERDICTS.values["VALID"]
    assert found["licet_verify_seconds_count", ""] == sum(metrics.SECONDS.counts)
    assert ("process_resident_memory_bytes", "") in found


def test_a_bucket_counts_all_below_its_bound(tmp_path: Path) -> None:
    found = told(None)
    below, above = (found["licet_verify_seconds_bucket", bound] for bound in ("0.001", "0.0015"))
    assert above >= below + 1
    assert found["licet_verify_seconds_bucket", "+Inf"] == found["licet_verify_seconds_count", ""]


def test_whichever_is_asked_tells_for_all(tmp_path: Path) -> None:
    leave(tmp_path, "1", other())
    leave(tmp_path, "2", other())
    exposition.leave(tmp_path)  # what it left itself is not counted twice
    found = told(tmp_path)
    assert found["licet_verify_batches_total", ""] == metrics.BATCHES.value + 8
    assert found["licet_verify_verdicts_total", "VALID"] == metrics.VERDICTS.values["VALID"] + 4
    assert found["licet_verify_facts_held", ""] == 5 + 12
    assert found["licet_verify_seconds_count", ""] == 3 * sum(metrics.SECONDS.counts)


def test_the_dead_still_count_and_hold_nothing(tmp_path: Path) -> None:
    leave(tmp_path, "1", other(), seconds_ago=60)
    found = told(tmp_path)
    assert found["licet_verify_batches_total", ""] == metrics.BATCHES.value + 4
    assert found["licet_verify_facts_held", ""] == 5


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / f"1{SUFFIX}").write_bytes(b"\xc1")
    assert told(tmp_path)["licet_verify_batches_total", ""] == metrics.BATCHES.value


def test_what_a_process_leaves_is_read_as_it_was(tmp_path: Path) -> None:
    exposition.leave(tmp_path)
    (path,) = tmp_path.iterdir()
    assert msgspec.msgpack.decode(path.read_bytes(), type=Told) == own()


def test_no_label_names_a_tenant() -> None:
    families = text_string_to_metric_families(text(None).decode())
    ours = [one for family in families for one in family.samples if one.name.startswith("licet_verify_")]
    assert {name for one in ours for name in one.labels} == {"code", "le"}
