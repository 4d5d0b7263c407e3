"""The round that beat, broker and worker make together: whoever looks at the system knows by it that all three work."""

from licensing.rules.status.work import ROUND_KEY
from tenants.publishing.facts_store import client


def note_round() -> None:
    """When, by Redis's clock. Timeout 1 s, no retry: the next round comes. Raises redis.RedisError."""
    seconds, _ = client().time()
    client().set(ROUND_KEY, seconds)
