"""What a process holds of facts is bounded, and what it lets go no longer stands."""

import pytest

from verify.facts import HEARTBEAT_KEY, STATE_KEY, CustomerFacts, kind_and_name
from verify.ground.environment import Misconfigured
from verify.service import settings
from verify.service.facts.memory import MISSING, MOST_FACTS, Held, Memory
from verify.service.facts.store import FactStore

PEPPERS = "1:" + "A" * 43


def held(name: str) -> Held:
    return Held(CustomerFacts(name, None), 1)


def test_the_oldest_fact_goes_when_there_are_too_many() -> None:
    memory, facts = Memory(2), [held(name) for name in "abc"]
    for number, one in enumerate(facts):
        memory.keep("customer", str(number), one)
    assert [memory.find("customer", str(number)) for number in range(3)] == [None, facts[1], facts[2]]
    assert [one.stands for one in facts] == [False, True, True]


def test_where_there_are_too_many_the_kind_that_there_is_most_of_gives_way() -> None:
    memory = Memory(4)
    for kind, name in (("plan", "p"), ("key", "a"), ("key", "b"), ("customer", "c"), ("license", "l")):
        memory.keep(kind, name, held(name))
    assert [memory.find("key", name) is None for name in "ab"] == [True, False]
    assert None not in [memory.find(*known) for known in (("plan", "p"), ("customer", "c"), ("license", "l"))]


def test_the_same_name_of_another_kind_is_another_fact() -> None:
    memory = Memory()
    memory.keep("environment", "env_1", held("env_1"))
    memory.keep("catalog", "env_1", MISSING)
    memory.forget("environment", "env_1")
    assert (memory.find("environment", "env_1"), memory.find("catalog", "env_1")) == (None, MISSING)


def test_what_is_let_go_holds_nothing_any_more() -> None:
    memory, facts = Memory(), [held(name) for name in "abc"]
    for number, one in enumerate(facts):
        memory.keep("customer", str(number), one)
        one.joined = one  # no collector of cycles would ever find it
    memory.forget("customer", "0")
    assert [one.joined is one for one in facts] == [False, True, True]
    Memory(current=False).take_over(memory)
    assert {(one.joined, one.stands) for one in facts} == {(None, False)}


def test_news_of_what_is_no_fact_forget_nothing() -> None:
    memory = Memory()
    memory.keep("customer", "a", held("a"))
    for told in (STATE_KEY, HEARTBEAT_KEY, "facts:", "facts:nonsense:a", "facts:customer"):
        memory.forget(*kind_and_name(told))
    assert len(memory) == 1


def test_absences_are_bounded_by_themselves() -> None:
    memory = Memory(2, 2)
    memory.keep("customer", "there", held("a"))
    for number in range(3):
        memory.keep("customer", str(number), MISSING)
    assert [memory.find("customer", name) is MISSING for name in "012"] == [False, True, True]
    assert memory.find("customer", "there") is not None


def test_the_settings_say_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICET_PEPPERS", PEPPERS)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1")
    assert settings.load().facts_cap == MOST_FACTS
    monkeypatch.setenv("LICET_FACTS_CAP", "7")
    assert FactStore("redis://127.0.0.1", settings.load().facts_cap).most_facts == 7
    monkeypatch.setenv("LICET_FACTS_CAP", "0")
    with pytest.raises(Misconfigured, match="LICET_FACTS_CAP at least 1"):
        settings.load()
