"""Verdicts that were given without counters: on disk until they are in the log (docs/decisions/outage.md)."""
