"""What is said of PostgreSQL and Redis."""

import pytest

from licensing.rules.status.part import State
from licensing.rules.status.stores import MEGABYTE, SeenRedis, database, redis

WELL = SeenRedis(0.4, "Valkey 9.1.2", 120 * MEGABYTE, 0, "noeviction", appends=True, last_write_ok=True)


def test_a_redis_that_keeps_all_it_is_given_is_well() -> None:
    part = redis(WELL)
    assert (part.state, part.says, part.advice) == (
        State.OK,
        "Valkey 9.1.2 answers in 0.4 ms; 120 MB used.",
        "",
    )


@pytest.mark.parametrize(
    ("seen", "state", "said"),
    [
        (None, State.BAD, "Does not answer"),
        (WELL._replace(policy="allkeys-lru"), State.BAD, "maxmemory-policy allkeys-lru"),
        (WELL._replace(appends=False), State.BAD, "Keeps nothing on disk"),
        (WELL._replace(last_write_ok=False), State.BAD, "Could not write"),
        (WELL._replace(limit_bytes=130 * MEGABYTE), State.BAD, "120 MB of 130 MB used"),
        (WELL._replace(limit_bytes=150 * MEGABYTE), State.WARN, "filling up"),
        (WELL._replace(milliseconds=300.0), State.WARN, "300 ms"),
    ],
)
def test_whatever_endangers_counters_is_said_with_what_to_do(seen: SeenRedis | None, state: State, said: str) -> None:
    part = redis(seen)
    assert part.state is state
    assert said in part.says
    assert part.advice


def test_with_room_left_its_limit_is_no_complaint() -> None:
    assert redis(WELL._replace(limit_bytes=1024 * MEGABYTE)).state is State.OK


def test_the_database_is_as_its_own_health_says() -> None:
    assert database(None, "licet_app", 1.2).says == "Answers as licet_app in 1.2 ms."
    assert database(None, "licet_app", 900.0).state is State.WARN
    bad = database("The role postgres can pass row-level security; connect as licet_app.", "postgres", 1.0)
    assert (bad.state, bad.says[:17]) == (State.BAD, "The role postgres")
