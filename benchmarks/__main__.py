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

MARK = "## `python -m benchmarks."
ALL: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module for module in (whole_job, api_key, constant, workers, many_keys, drain)
}

HEAD = """# Performance

Written by `make bench`.

Only ratios count: each is of two things that were measured in turn (A, B, A, B …) in one run, and is the median of the
rounds' own ratios. Servers run as one process on one core (but for `workers`); the load (wrk, 64 connections unless it
says otherwise) and Redis, reached through a Unix socket and with every write in its append-only file, share another.
"CPU for a request" is the server's own time, by the kernel: it hardly depends on what else the machine does. Every
benchmark is a command with its options (`--help`); what it is compared with is in `benchmarks/peers/`. Revocation and
the other proofs of time are in [proofs.md](proofs.md).
"""


def page(sections: Mapping[str, str]) -> str:
    """By command what is told of it."""
    return HEAD + "".join(f"\n{MARK}{name}`\n{text.rstrip()}\n" for name, text in sections.items())


def sections_of(page: str) -> dict[str, str]:
    """The inverse."""
    parts = page.split(f"\n{MARK}")[1:]
    return {name: text for name, _, text in (part.partition("`\n") for part in parts)}


def section(about: str, figures: Sequence[Figure], *, measured: str) -> str:
    rows = [f"| {one.name} | {one.shown} | {one.verdict} |" for one in figures]
    table = "\n".join(["| figure | value | bar |", "|---|---|---|", *rows])
    return f"\n{about}\n\n{measured}\n\n{table}\n"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("page", type=Path)
    options.add_argument("names", nargs="*", choices=[[], *ALL], help="all by default; the others' sections stay")
    given = options.parse_args()
    target: Path = given.page
    kept = sections_of(target.read_text()) if target.exists() else {}
    for name in given.names or ALL:
        print(f"python -m benchmarks.{name}", flush=True)
        figures = ALL[name].measure()
        print(*figures, sep="\n", flush=True)
        kept[name] = section(_about(ALL[name]), figures, measured=_measured())
        target.write_text(page({name: kept[name] for name in ALL if name in kept}))


def _measured() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"Measured on {time.strftime('%Y-%m-%d')}: {machine}."


def _about(module: ModuleType) -> str:
    """Its docstring without its own name."""
    told = (module.__doc__ or "").partition(": ")[2].strip()
    return told[:1].upper() + told[1:]


if __name__ == "__main__":
    main()
