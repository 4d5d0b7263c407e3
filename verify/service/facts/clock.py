"""How far this node's clock is from Redis's, by which limits and the log run."""

from typing import NamedTuple

MOST_SECONDS = 2.0


class Skew(NamedTuple):
    """`seconds`: the node's clock less Redis's; it may be wrong by `unsure` either way."""

    seconds: float = 0.0
    unsure: float = float("inf")

    @property
    def is_too_large(self) -> bool:
        return abs(self.seconds) - self.unsure > MOST_SECONDS


def skew(told: float, received: float, took: float) -> Skew:
    """`told` is Redis's time (seconds since 1970), `received` the node's when the answer came, `took` how long after
    the question. Redis looked at its clock some time in between.
    """
    return Skew(received - took / 2 - told, took / 2)
