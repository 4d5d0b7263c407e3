"""Every benchmark runs as a command and prints its figures; how fast anything is, no test says."""

import os
import re
import subprocess
import sys

import pytest

from benchmarks import __main__ as everything
from tests.running.stack import CLONE, Stack

LINE = re.compile(r"[^:]+(?:: [^:]+)?: -?[0-9][0-9,.e+-]*(?: [^ ]+)?(?: \(bar [≥≤].*: (?:met|missed)\))?")
SMALL = {
    "whole_job": ["--seconds", "1", "--rounds", "1", "--keys", "200"],
    "api_key": ["--seconds", "1", "--rounds", "1", "--keys", "200"],
    "constant": ["--seconds", "1", "--rounds", "1", "--keys", "200"],
    "workers": ["--seconds", "1", "--rounds", "1", "--keys", "200"],
    "many_keys": ["--seconds", "1", "--rounds", "1", "--few", "100", "--many", "300"],
    "drain": ["--rounds", "1", "--calls", "300", "--keys", "20"],
}


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_prints_figures_and_a_ratio_beside_its_bar(stack: Stack, name: str) -> None:
    words = [*SMALL[name], *(["--home", str(stack.home)] if name == "drain" else [])]
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *words],
        cwd=CLONE,
        env={key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert "ratio" in lines[-1]
    assert "(bar " in lines[-1]


def test_one_command_runs_them_all() -> None:
    assert set(everything.ALL) == set(SMALL)
