"""What /metrics answers. Verify processes of one machine share a folder, so that whichever is asked tells for all.

Each process leaves its numbers there once a second, whole or not at all; one that was killed takes less than a second's
counts with it. Counters of the dead stay, else a restart would make them go down; their gauges do not.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from verify.service.metrics.counts import BY_CODE, COUNTERS, GAUGES, HISTOGRAMS, Histogram

CONTENT_TYPE = CONTENT_TYPE_LATEST
ALIVE_SECONDS = 5.0
SUFFIX = ".counts"


class Told(msgspec.Struct):
    """One process's numbers by name; `histograms`: counts and sum."""

    counters: dict[str, int]
    by_code: dict[str, dict[str, int]]
    gauges: dict[str, float]
    histograms: dict[str, tuple[list[int], float]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


def own() -> Told:
    return Told(
        {one.name: one.value for one in COUNTERS},
        {one.name: {str(code): times for code, times in one.values.items()} for one in BY_CODE},
        {one.name: one.value for one in GAUGES},
        {one.name: (list(one.counts), one.sum) for one in HISTOGRAMS},
    )


def text(folder: Path | None) -> bytes:
    """`folder` is None for a process that shares its numbers with nobody; that one tells of its memory too."""
    registry = CollectorRegistry()
    registry.register(_Sums([own(), *(_left_by_others(folder) if folder else ())]))
    return generate_latest(registry) + (b"" if folder else generate_latest(REGISTRY))


def leave(folder: Path) -> None:
    """Writes what this process has counted where the others find it. Raises OSError."""
    written = folder / f"{os.getpid()}.new"
    written.write_bytes(_encode(own()))
    written.replace(_own_file(folder))


def _own_file(folder: Path) -> Path:
    return folder / f"{os.getpid()}{SUFFIX}"


def _left_by_others(folder: Path) -> Iterator[Told]:
    for path in folder.glob(f"*{SUFFIX}"):
        # Unreadable: of a version that counted otherwise, or just being replaced.
        with contextlib.suppress(OSError, msgspec.DecodeError):
            if path != _own_file(folder):
                told = _decode(path.read_bytes())
                if time.time() - path.stat().st_mtime > ALIVE_SECONDS:
                    told.gauges = {}
                yield told


class _Sums(Collector):
    """All processes' numbers added up."""

    def __init__(self, told: list[Told]) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        for counter in COUNTERS:
            value = sum(one.counters.get(counter.name, 0) for one in self._told)
            yield CounterMetricFamily(counter.name, counter.help, value)
        for gauge in GAUGES:
            values = [one.gauges[gauge.name] for one in self._told if gauge.name in one.gauges]
            now: float = max(values, key=abs, default=0) if gauge.shared else sum(values)
            yield GaugeMetricFamily(gauge.name, gauge.help, now)
        for by_code in BY_CODE:
            family = CounterMetricFamily(by_code.name, by_code.help, labels=["code"])
            for code, value in self._sums_by_code(by_code.name).items():
                family.add_metric([code], value)
            yield family
        for histogram in HISTOGRAMS:
            yield self._histogram(histogram)

    def _sums_by_code(self, name: str) -> Counter[str]:
        sums: Counter[str] = Counter()
        for one in self._told:
            sums.update(one.by_code.get(name, {}))
        return sums

    def _histogram(self, histogram: Histogram) -> Metric:
        found = [one.histograms[histogram.name] for one in self._told if histogram.name in one.histograms]
        counts = accumulate(map(sum, zip(*(counts for counts, _ in found), strict=True)))
        bounds = [*map(str, histogram.bounds), "+Inf"]
        buckets = list(zip(bounds, counts, strict=True))
        return HistogramMetricFamily(histogram.name, histogram.help, buckets, sum(seconds for _, seconds in found))
