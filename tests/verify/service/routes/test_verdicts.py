"""When an answer may be given without counters, and from which facts; what a look-up leaves behind."""

import gc
import time
from pathlib import Path

import pytest

from tests.verify.limits.test_prepared import prepared
from tests.verify.service.facts.test_lookup import KEY, NEW, SECRET, apart, told
from tests.verify.test_decision import FACTS
from verify.facts import EnvironmentFacts, SecretKeyFacts
from verify.request import VerifyRequest
from verify.service.accounting.accountant import Accountant, Failing, Where
from verify.service.facts.lookup import Caller, Found, NotHeld
from verify.service.facts.memory import Held
from verify.service.facts.store import FactStore
from verify.service.http.exchange import Exchange, Fields, Response
from verify.service.routes.verdicts import Desk, Question
from verify.service.spool.spool import Spool
from verify.service.verifying import named_together

NEVER = float("inf")


@pytest.mark.parametrize(
    ("on_outage", "unproven", "unheard", "connected", "failing", "may"),
    [
        ("allow", 0.1, 0.1, 99.0, 5.0, True),  # facts are current; calls cannot be counted
        ("allow", 0.1, 0.1, 99.0, 11.0, False),
        ("allow", 0.7, 0.6, 99.0, 0.0, True),  # both connections fell silent together
        ("allow", 0.7, NEVER, -NEVER, 0.0, True),
        ("allow", 0.7, 0.1, 99.0, 0.0, False),  # Redis answers the counters: only the news of facts are cut off
        ("allow", 9.9, 0.1, 0.2, 8.0, True),  # it comes back, to the counters first
        ("allow", 9.9, 2.0, 99.0, 1.0, True),  # it answered the counters for longer, and then went away too
        ("allow", 10.1, 10.0, 99.0, 9.0, False),
        ("deny", 0.7, NEVER, -NEVER, 0.0, False),
        ("deny", 0.1, 0.1, 99.0, 5.0, False),
    ],
)
def test_suspect_facts_answer_only_if_redis_is_not_heard_at_all_and_for_so_long(
    tmp_path: Path, on_outage: str, unproven: float, unheard: float, connected: float, failing: float, *, may: bool
) -> None:
    store, accountant, now = FactStore("redis://"), Accountant("redis://", 1, 1), time.monotonic()
    store._proven_at, accountant._heard_at = now - unproven, now - unheard
    accountant._connected_at = now - connected
    held = Held(FACTS.key, 1)
    counted = Found(FACTS, None, held, held, held, prepared(), 0)
    accountant._failing = {Where(0, limited=False): Failing(now - failing, now)} if failing else {}
    environment = EnvironmentFacts("env_1", "test", on_outage, 10)
    caller = Caller(SecretKeyFacts("skey_1", "env_1", ("verify",), None, revoked=False), environment, None, 1, ())
    assert Desk((), store, accountant, Spool(tmp_path, 10**9))._may_bridge(caller, counted) is may
    assert not Desk((), store, accountant, Spool(None, 10**9))._may_bridge(caller, counted)


def test_a_call_whose_facts_are_fetched_leaves_nothing_to_the_collector_of_cycles() -> None:
    """An error holds its frames; a frame that keeps it would hold all that was asked until the collector comes."""
    desk = Desk((NEW,), told(held=False), Accountant("redis://", 1, 1), Spool(None, 1))
    several = [VerifyRequest(key=KEY), VerifyRequest(key=KEY)]
    question = Question(SECRET, lambda _: several, lambda _, __: Response(200, b""), None, named_together)

    async def ask() -> None:
        telling = desk.ask(Exchange("POST", "/", "", Fields({}), b"", "", 0.0, b"1" * 16, "req_1", ()), question)
        assert telling is not None
        await telling

    gc.collect()
    gc.disable()
    try:
        apart(ask())
        assert [one for one in gc.get_objects() if type(one) is NotHeld] == []
    finally:
        gc.enable()
