"""How long to wait before Stripe is asked again."""

FIRST_SECONDS, MOST_SECONDS, MOST_ATTEMPTS = 0.5, 30.0, 4
MOST_POSTPONED_SECONDS = 900


def wait_seconds(attempt: int, retry_after: float | None, dice: float) -> float:
    """After the `attempt`th failure, counting from 1: twice as long each time, and never less than Stripe asked for.

    `dice` (0 to 1) spreads those that failed together.
    """
    own: float = min(FIRST_SECONDS * 2 ** (attempt - 1), MOST_SECONDS) * (0.5 + dice / 2)
    return max(own, retry_after or 0.0)


def postponed_seconds(failures: int) -> int:
    """Until a customer that could not be converged is tried again, after so many failures in a row."""
    return min(1 << min(failures, 10), MOST_POSTPONED_SECONDS)
