"""The long proofs: how large they run, and the figures they leave in docs/proofs.md.

A proof is a test marked `prove` that takes `scale` (1.0 in `make prove`, 0.05 in `make test`) and calls
`figure("p99", 4.2, "ms")` for what is worth keeping. `PROVE_REPORT` names the file; without it nothing is written.
"""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Figure = Callable[[str, float | str, str], None]


@dataclass(frozen=True)
class Line:
    proof: str
    name: str
    value: float | str
    unit: str


LINES = pytest.StashKey[list[Line]]()


def proof_scale() -> float:
    return float(os.environ.get("PROVE_SCALE") or 0.05)


@pytest.fixture(scope="session")
def scale() -> float:
    """How large to run, as a part of the full size."""
    return proof_scale()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Keeps one number of the running proof: its name, its value, its unit."""
    lines = request.config.stash.setdefault(LINES, [])
    proof = request.node.name.removeprefix("test_").replace("_", " ")

    def keep(name: str, value: float | str, unit: str = "") -> None:
        lines.append(Line(proof, name, value, unit))
        print(f"{proof}: {name} = {shown(value)} {unit}")

    return keep


def shown(value: float | str) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


def report(lines: list[Line], scale: float, failed: int) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    outcome = "All proofs passed." if not failed else f"**{failed} proofs failed.**"
    head = [
        "# Proofs",
        "",
        f"Written by `make prove` on {time.strftime('%Y-%m-%d')}: {machine}; scale {scale:g}. {outcome}",
        "",
        "| proof | figure | value |",
        "|---|---|---|",
    ]
    rows = [f"| {line.proof} | {line.name} | {shown(line.value)} {line.unit}".rstrip() + " |" for line in lines]
    return "\n".join([*head, *rows]) + "\n"


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = os.environ.get("PROVE_REPORT")
    lines = session.config.stash.get(LINES, [])
    if target and lines:
        Path(target).write_text(report(lines, proof_scale(), session.testsfailed))
