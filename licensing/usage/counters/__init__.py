"""Counters of quotas and levels of rate limits: made from what the tables have, and compared with it."""
