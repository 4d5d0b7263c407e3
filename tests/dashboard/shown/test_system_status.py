"""What verify processes tell, as pages show it."""

from datetime import timedelta

import msgspec
import pytest

from dashboard.shown.system_status import milliseconds, shown_node
from licensing.rules.status.nodes import SeenNode, judged
from tests.licensing.rules.status.test_nodes import WELL
from verify.answer import EPOCH


@pytest.mark.parametrize(
    ("value", "text"), [(None, "\N{EN DASH}"), (0.351, "0.35"), (1.0, "1.0"), (9.94, "9.9"), (120.4, "120")]
)
def test_times_have_two_digits_that_matter(value: float | None, text: str) -> None:
    assert milliseconds(value) == text


def test_what_is_not_known_is_a_dash() -> None:
    quiet = msgspec.structs.replace(WELL, p50_ms=None, p95_ms=None, p99_ms=None, warm=None, propagation_ms=None)
    shown = shown_node(judged(SeenNode(quiet, 0.0)), EPOCH + timedelta(hours=3))
    assert {shown.warm, shown.news} == {"\N{EN DASH}"}
    assert shown.latencies.count("\N{EN DASH}") == 3
    assert shown.up.split() == ["3", "h"]
