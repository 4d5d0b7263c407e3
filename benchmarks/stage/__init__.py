"""What a benchmark stands on: a private store that is filled, servers and load on cores of their own."""
