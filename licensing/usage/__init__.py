"""Usage: what was admitted, and its ledger."""
