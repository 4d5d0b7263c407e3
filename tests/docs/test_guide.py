"""The guide and the README do what they say: every block of theirs is run, and what is shown is what came."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest

from tests.places import WITHIN_SECONDS, Place

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DONE = "\x1e"
DRAINED_SECONDS = 30.0


class Block(NamedTuple):
    """Commands, and the JSON shown after them, "" if there is none."""

    commands: str
    shown: str

    @property
    def patience_seconds(self) -> float:
        """A question to the data plane may be asked again while a change is on its way, and one about usage while the
        log is drained.
        """
        lines = self.commands.splitlines()
        if all(line.startswith('api GET "usage?') for line in lines):
            return DRAINED_SECONDS
        return WITHIN_SECONDS if all(line.startswith("verify ") for line in lines) else 0


def blocks(page: Path) -> Iterator[Block]:
    found = [(kind, text) for kind, text in FENCE.findall(page.read_text())]
    for (kind, text), (after, shown) in zip(found, [*found[1:], ("", "")], strict=True):
        if kind == "sh":
            yield Block(text, shown if after == "json" else "")


class Shell:
    """One shell in which block after block is typed."""

    def __init__(self, folder: Path) -> None:
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._process = subprocess.Popen(
            ["sh", "-eu"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate("exit\n" if self._process.poll() is None else None)

    def type(self, commands: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{commands}\nprintf '\\n{DONE}\\n'\n")
        self._process.stdin.flush()
        said = ""
        for line in self._process.stdout:
            if line.rstrip("\n") == DONE:
                return said.strip()
            said += line
        pytest.fail(f"The shell ended at\n{commands}\nand said\n{said}")


def difference(shown: Any, came: Any, where: str = "") -> str | None:
    """Where `came` is not as shown: a member not shown may be there, and `…` stands for any text."""
    if isinstance(shown, dict) and isinstance(came, dict):
        pairs = [(f"{where}/{name}", item, came.get(name, "nothing")) for name, item in shown.items()]
    elif isinstance(shown, list) and isinstance(came, list) and len(shown) == len(came):
        pairs = [(f"{where}/{index}", *pair) for index, pair in enumerate(zip(shown, came, strict=True))]
    elif isinstance(shown, str) and isinstance(came, str):
        same = re.fullmatch(".+".join(re.escape(part) for part in shown.split("…")), came)
        return None if same else f"{where}: {came!r}, not {shown!r}"
    else:
        return None if shown == came else f"{where}: {came!r}, not {shown!r}"
    return next((found for place, one, other in pairs if (found := difference(one, other, place))), None)


def run(shell: Shell, block: Block) -> None:
    began = time.monotonic()
    while True:
        said = shell.type(block.commands)
        if not block.shown:
            return
        told = difference(json.loads(block.shown), json.loads(said))
        if told is None:
            return
        patient = time.monotonic() - began < block.patience_seconds
        assert patient, f"After\n{block.commands}\n{told}\n{said}"


@pytest.fixture
def folder(tmp_path: Path, place: Place) -> Path:
    """Where a reader stands: beside the data directory of a running copy."""
    (tmp_path / ".licet").mkdir()
    (tmp_path / ".licet" / "bootstrap.json").write_text(
        json.dumps(place.document | {"api_url": str(place.api.base_url), "verify_url": str(place.verifier.base_url)})
    )
    return tmp_path


def test_the_guide_does_what_it_says(folder: Path) -> None:
    found = list(blocks(ROOT / "docs" / "guide.md"))
    assert len(found) > 15
    with Shell(folder) as shell:
        for block in found:
            run(shell, block)


def test_the_readme_revokes_a_key(folder: Path, place: Place) -> None:
    calls = [block for block in blocks(ROOT / "README.md") if "/v1/" in block.commands]
    assert len(calls) == 1
    with Shell(folder) as shell:
        for block in calls:
            assert json.loads(shell.type(block.commands))["status"] == "revoked"
    place.verify_until("KEY_REVOKED")


@pytest.mark.parametrize(
    ("shown", "came", "same"),
    [
        ({"id": "key_…"}, {"id": "key_1", "more": 1}, True),
        ({"id": "key_…"}, {"id": "lic_1"}, False),
        ({"a": [{"b": None}]}, {"a": [{"b": None, "c": 1}]}, True),
        ({"a": [{"b": None}]}, {"a": []}, False),
        ({"a": 1}, {}, False),
        ({"a": True}, {"a": "True"}, False),
    ],
)
def test_what_is_shown_is_compared_by_what_it_declares(shown: Any, came: Any, *, same: bool) -> None:
    assert (difference(shown, came) is None) == same
