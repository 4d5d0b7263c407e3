"""The two embedded servers together: who they run as, where their sockets are, and what the rest is told of them."""

from pathlib import Path

from config.env import Env
from config.supervisor.children.crew import Crew
from config.supervisor.embedded import account, postgres, valkey

DATABASE_NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SWEEP_URL")
ADMIN = "DATABASE_ADMIN_URL"


def start(crew: Crew, home: Path, sockets_root: Path, given: Env) -> dict[str, str]:
    """Starts what no address was given for; gives the addresses, `DATABASE_ADMIN_URL` for `prepare` among them."""
    wants_postgres, wants_valkey = not given.text("DATABASE_URL"), not given.text("REDIS_URL")
    if not wants_postgres and not wants_valkey:
        return {}
    cluster, store = home / "pg18", home / "valkey"
    programs = [*([postgres.binaries() / "initdb", postgres.binaries() / "postgres"] if wants_postgres else [])]
    programs += [valkey.binary()] if wants_valkey else []
    who = account.for_servers([cluster, store], programs)
    sockets = sockets_root / "run"
    account.hand_over(sockets, who)
    addresses: dict[str, str] = {}
    database = postgres.start(crew, cluster, sockets, who) if wants_postgres else None
    facts = valkey.start(crew, store, sockets, who) if wants_valkey else None
    if database:
        postgres.await_ready(crew, database, cluster)
        crew.log.progress("PostgreSQL 18 is up")
        addresses |= _database_addresses(sockets, given)
    if facts:
        valkey.await_ready(crew, facts, store, sockets)
        crew.log.progress("Valkey is up")
        addresses["REDIS_URL"] = valkey.url(sockets)
        if not given.text("LICET_BROKER_URL"):
            addresses["LICET_BROKER_URL"] = valkey.broker_url(sockets)
    return addresses


def _database_addresses(sockets: Path, given: Env) -> dict[str, str]:
    roles = (postgres.APPLICATION, postgres.OWNER, postgres.SWEEP)
    ours = dict(zip(DATABASE_NAMES, (postgres.url(role, sockets) for role in roles), strict=True))
    return {ADMIN: postgres.url(postgres.SUPERUSER, sockets)} | {
        name: url for name, url in ours.items() if not given.text(name)
    }
