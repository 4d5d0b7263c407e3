"""`python -m benchmarks docs/performance.md`: runs every benchmark, one after another, and writes the page."""

import argparse
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import api_key, constant, drain, many_keys, whole_job, workers
from benchmarks.figures import Figure

ALL: tuple[ModuleType, ...] = (whole_job, api_key, constant, workers, many_keys, drain)

HEAD = """# Performance

Written by `make bench` on {date}: {machine}.

Only ratios count: each is of two things that were measured in turn (A, B, A, B …) in one run, and is the median of the
rounds' own ratios. Servers run as one process on one core (but for `workers`); the load (wrk, 64 connections unless it
says otherwise) and Redis, reached through a Unix socket and with every write in its append-only file, share another.
"CPU for a request" is the server's own time, by the kernel: it hardly depends on what else the machine does. Every
benchmark is a command with its options (`--help`); what it is compared with is in `benchmarks/peers/`. Revocation and
the other proofs of time are in [proofs.md](proofs.md).
"""


def page(found: Mapping[str, tuple[str, Sequence[Figure]]], *, date: str, machine: str) -> str:
    """By command what it is about, and its figures."""
    parts = [HEAD.format(date=date, machine=machine)]
    for name, (about, figures) in found.items():
        rows = [f"| {one.name} | {one.shown} | {one.verdict} |" for one in figures]
        table = "\n".join(["| figure | value | bar |", "|---|---|---|", *rows])
        parts.append(f"## {name}\n\n{about}\n\n{table}\n")
    return "\n".join(parts)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("page", type=Path)
    target: Path = options.parse_args().page
    found = {}
    for module in ALL:
        name = module.__name__
        print(f"python -m {name}", flush=True)
        figures = module.measure()
        print(*figures, sep="\n", flush=True)
        found[f"`python -m {name}`"] = (_about(module), figures)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    target.write_text(page(found, date=time.strftime("%Y-%m-%d"), machine=machine))


def _about(module: ModuleType) -> str:
    """Its docstring without its own name."""
    told = (module.__doc__ or "").partition(": ")[2].strip()
    return told[:1].upper() + told[1:]


if __name__ == "__main__":
    main()
