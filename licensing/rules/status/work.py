"""Celery: whether worker and beat do their rounds, and how much waits in the queues."""

from collections.abc import Mapping

from licensing.rules.status.part import Part, State, counted, lasting, unknown

WORK = "Worker and beat"
QUEUES = ("critical", "sweeps", "bulk", "webhooks")
ROUND_KEY = "worker:round"  # when a worker did its last round, in seconds by Redis's clock
ROUND_SECONDS = 15.0
LATE_SECONDS, LOST_SECONDS = 60.0, 600.0  # no task takes longer than the second
MANY = 1000
RUNS = "See that celery worker and celery beat run, and read their logs."


def work(queues: Mapping[str, int] | None, round_seconds: float | None, *, redis_answers: bool) -> Part:
    """`queues`: tasks that wait, None if the broker does not answer; `round_seconds`: since the last round, None if
    none is known.
    """
    if queues is None:
        advice = "Start the broker (LICET_BROKER_URL): mail, jobs and tidying wait for it; verdicts do not."
        return Part(WORK, State.BAD, "Their broker does not answer within a second.", advice)
    waiting = ", ".join(f"{number:,} in {name}" for name, number in queues.items() if number)
    tasks = f"Tasks that wait: {waiting}." if waiting else "No task waits."
    if not redis_answers:
        return unknown(WORK, f"{tasks} Redis does not say when the last round was.")
    if round_seconds is None:
        advice = f"After a start wait half a minute, otherwise: {RUNS[0].lower()}{RUNS[1:]}"
        return Part(WORK, State.WARN, f"No round is known yet. {tasks}", advice)
    return _by_round(round_seconds, tasks, most=max(queues.values(), default=0))


def _by_round(round_seconds: float, tasks: str, *, most: int) -> Part:
    says = f"Last round {lasting(round_seconds)} ago. {tasks}"
    if round_seconds > LOST_SECONDS:
        return Part(WORK, State.BAD, says, RUNS)
    if round_seconds > LATE_SECONDS:
        return Part(WORK, State.WARN, says, f"A long task may be in the way. {RUNS}")
    if most > MANY:
        return Part(WORK, State.WARN, says, f"More than {counted(MANY, 'task')} wait: run more workers.")
    return Part(WORK, State.OK, says)
