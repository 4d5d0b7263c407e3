"""Organizations, environments, members, secret keys, sign-in, audit log, outbox; the HTTP manners of every API."""
