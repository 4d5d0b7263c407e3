"""A benchmark as a command: its options are the arguments of its `measure`, and it prints the figures."""

import argparse
import inspect
from collections.abc import Callable

from benchmarks.figures import Figure


def run(measure: Callable[..., list[Figure]], what: str | None) -> None:
    """`what` is the module's sentence."""
    name = inspect.getmodulename(inspect.getfile(measure))
    options = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=what)
    for option, argument in inspect.signature(measure).parameters.items():
        default = argument.default
        options.add_argument(
            f"--{option.replace('_', '-')}", type=type(default), default=default, help=f"{default} by default"
        )
    for figure in measure(**vars(options.parse_args())):
        print(figure, flush=True)
