"""How the whole system stands: from what is seen of each part to its state, one sentence, and what to do."""
