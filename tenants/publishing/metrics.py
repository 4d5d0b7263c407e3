"""What the control plane counts about telling the data plane."""

from prometheus_client import Counter

PUBLISHED = Counter("licet_facts_published", "Outbox entries told to Redis.")
PUBLISH_FAILURES = Counter("licet_facts_publish_failures", "Times Redis could not be told; the relay comes again.")
REBUILDS = Counter("licet_facts_rebuilds", "Times every fact was told anew.")
