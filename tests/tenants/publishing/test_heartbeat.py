"""What the relay gives verify nodes to hear, by which they know how long news takes."""

from tenants.publishing import facts_store
from tenants.publishing.facts_store import BEAT_US, client
from verify import facts


def test_however_many_relays_there_are_it_beats_once_a_second() -> None:
    """One beats in the running copy; here is another that is in a hurry."""
    for _ in range(200):
        before = int(client().get(facts.HEARTBEAT_KEY) or 0)
        facts_store.beat()
        after = int(client().get(facts.HEARTBEAT_KEY))
        assert after == before or after - before >= BEAT_US


def test_one_whose_time_lies_ahead_is_set_right() -> None:
    """The store's clock was set back."""
    seconds, _ = client().time()
    client().set(facts.HEARTBEAT_KEY, (seconds + 3600) * 1_000_000)
    facts_store.beat()
    assert abs(int(client().get(facts.HEARTBEAT_KEY)) - seconds * 1_000_000) < 5_000_000


def test_a_rebuild_takes_it_for_no_fact() -> None:
    facts_store.beat()
    names = {held.name.decode() for held in facts_store.of_another_epoch(0)}
    assert names
    assert not names & {facts.HEARTBEAT_KEY, facts.STATE_KEY}
