"""What it costs to count one thing: `python -m benchmarks.counts` tells nanoseconds, ours and prometheus_client's."""

import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable

TIMES, ROUNDS = 100_000, 7
THEIRS = "--theirs"


def nanoseconds(counting: Callable[[], object]) -> float:
    """The best of some rounds: the others were disturbed."""
    return min(timeit.repeat(counting, number=TIMES, repeat=ROUNDS)) / TIMES * 1e9


def ours() -> dict[str, float]:
    from verify.reasons import Reason  # noqa: PLC0415 - theirs are measured without ours
    from verify.service import metrics  # noqa: PLC0415 - as above

    verdict, observe, batch = metrics.VERDICTS.inc, metrics.SECONDS.observe, metrics.BATCHES.inc
    return {
        "a verdict by its code": nanoseconds(lambda: verdict(Reason.VALID)),
        "a latency": nanoseconds(lambda: observe(0.0012)),
        "a batch": nanoseconds(batch),
    }


def theirs() -> dict[str, float]:
    from prometheus_client import Counter, Histogram  # noqa: PLC0415 - reads its environment when it is imported

    by_code, batches = Counter("verdicts", "-", ["code"]), Counter("batches", "-")
    seconds = Histogram("seconds", "-", buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1))
    return {
        "a verdict by its code": nanoseconds(lambda: by_code.labels("VALID").inc()),
        "a latency": nanoseconds(lambda: seconds.observe(0.0012)),
        "a batch": nanoseconds(batches.inc),
    }


def _tell(who: str, measured: dict[str, float]) -> None:
    for what, cost in measured.items():
        sys.stdout.write(f"{what:24} {who:36} {cost:8.0f} ns\n")
    sys.stdout.flush()  # before a child tells something


def main() -> None:
    if THEIRS in sys.argv:
        _tell(sys.argv[-1], theirs())
        return
    _tell("ours", ours())
    words = [sys.executable, "-m", "benchmarks.counts", THEIRS]
    subprocess.run([*words, "prometheus_client"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PROMETHEUS_MULTIPROC_DIR": folder}
        subprocess.run([*words, "prometheus_client, many processes"], check=True, env=environment)


if __name__ == "__main__":
    main()
