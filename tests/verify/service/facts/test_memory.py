"""What a process holds of facts is bounded, and what it lets go no longer stands."""

import pytest

from verify.facts import CustomerFacts, Versioned
from verify.ground.environment import Misconfigured
from verify.service import settings
from verify.service.facts.memory import MISSING, MOST_FACTS, Held, Memory
from verify.service.facts.store import FactStore

PEPPERS = "1:" + "A" * 43


def held(name: str) -> Held:
    return Held(Versioned(1, 1, CustomerFacts(name, None)))


def test_the_oldest_fact_goes_when_there_are_too_many() -> None:
    memory, facts = Memory(2), [held(name) for name in "abc"]
    for number, one in enumerate(facts):
        memory.keep(str(number), one)
    assert [memory.find(str(number)) for number in range(3)] == [None, facts[1], facts[2]]
    assert [one.stands for one in facts] == [False, True, True]


def test_absences_are_bounded_by_themselves() -> None:
    memory = Memory(2, 2)
    memory.keep("there", held("a"))
    for number in range(3):
        memory.keep(str(number), MISSING)
    assert [memory.find(name) is MISSING for name in "012"] == [False, True, True]
    assert memory.find("there") is not None


def test_the_settings_say_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICET_PEPPERS", PEPPERS)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1")
    assert settings.load().facts_cap == MOST_FACTS
    monkeypatch.setenv("LICET_FACTS_CAP", "7")
    assert FactStore("redis://127.0.0.1", settings.load().facts_cap).most_facts == 7
    monkeypatch.setenv("LICET_FACTS_CAP", "0")
    with pytest.raises(Misconfigured, match="LICET_FACTS_CAP at least 1"):
        settings.load()
