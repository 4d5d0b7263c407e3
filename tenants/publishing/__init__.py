"""Telling the data plane what changed: outbox, publisher, relay and rebuilding (docs/decisions/facts.md)."""
