"""Counters that cost a call next to nothing: plain numbers of one process, read when somebody asks for them.

prometheus_client takes a lock for each increment, and a memory-mapped file where processes share their numbers
(`benchmarks/counts.py` prints what each costs). One event loop counts here, so nothing is locked.
"""

from bisect import bisect_left
from collections import defaultdict

SECONDS = (
    *(0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.007),
    *(0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 2.5),
)
BATCH_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


class Counter:
    """Only goes up."""

    __slots__ = ("help", "name", "value")

    def __init__(self, name: str, help: str) -> None:  # noqa: A002 - Prometheus's word
        self.name, self.help = name, help
        self.value = 0
        COUNTERS.append(self)

    def inc(self, by: int = 1) -> None:
        self.value += by


class CounterByCode:
    """One number for each code; codes are few and none is a tenant's."""

    __slots__ = ("help", "name", "values")

    def __init__(self, name: str, help: str) -> None:  # noqa: A002 - as above
        self.name, self.help = name, help
        self.values: defaultdict[str, int] = defaultdict(int)
        BY_CODE.append(self)

    def inc(self, code: str) -> None:
        self.values[code] += 1


class Gauge:
    """Whatever was set last. `shared`: all processes of a machine look at the same thing, and do not add up."""

    __slots__ = ("help", "name", "shared", "value")

    def __init__(self, name: str, help: str, *, shared: bool = False) -> None:  # noqa: A002 - as above
        self.name, self.help, self.shared = name, help, shared
        self.value: float = 0
        GAUGES.append(self)

    def set(self, value: float) -> None:
        self.value = value


class Histogram:
    """`counts` has one place more than `bounds`: for what is above all of them. A bound belongs to what is below it."""

    __slots__ = ("bounds", "counts", "help", "name", "sum")

    def __init__(self, name: str, help: str, bounds: tuple[float, ...] = SECONDS) -> None:  # noqa: A002 - as above
        self.name, self.help, self.bounds = name, help, bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        HISTOGRAMS.append(self)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


COUNTERS: list[Counter] = []
BY_CODE: list[CounterByCode] = []
GAUGES: list[Gauge] = []
HISTOGRAMS: list[Histogram] = []


def quantile(counts: list[int], bounds: tuple[float, ...], share: float) -> float | None:
    """The value that `share` of what was observed does not exceed, guessed inside its bucket as Prometheus does; None
    if nothing was. Above all bounds: the highest of them.
    """
    rank, below = share * sum(counts), 0
    if not rank:
        return None
    for index, upper in enumerate(bounds):
        if below + counts[index] >= rank:
            lower = bounds[index - 1] if index else 0.0
            return lower + (upper - lower) * (rank - below) / counts[index]
        below += counts[index]
    return bounds[-1]
