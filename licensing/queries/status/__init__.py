"""What is seen of the whole system at this moment, source by source; each may fail alone and is bounded in time."""
