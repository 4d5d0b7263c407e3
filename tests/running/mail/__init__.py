"""Mail: where a copy leaves what it sends, and a server that takes it."""
