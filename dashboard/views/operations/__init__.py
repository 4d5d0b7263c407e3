"""Pages about running the product: secret keys, environments, events, jobs, the audit log, the system itself."""
