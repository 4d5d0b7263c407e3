"""Which process is told which secret; whatever is not named here is none, and goes to all."""

from collections.abc import Mapping

CONTROL = frozenset({"web", "relay", "drain", "bootstrap", "worker", "beat", "prepare"})

HOLDERS: dict[str, frozenset[str]] = {
    "DATABASE_ADMIN_URL": frozenset({"prepare"}),
    "DATABASE_OWNER_URL": frozenset({"prepare"}),
    "DATABASE_URL": CONTROL,
    "DATABASE_SWEEP_URL": CONTROL,
    "LICET_BROKER_URL": CONTROL,
    "LICET_SECRET_KEY": CONTROL,
    "LICET_DATA_KEKS": CONTROL,
    "EMAIL_URL": CONTROL,
    "LICET_SIGNING_KEKS": frozenset({"verify", "worker"}),
    "LICET_PEPPERS": CONTROL | {"verify"},
    "LICET_METRICS_TOKEN": CONTROL | {"verify"},
    "REDIS_URL": CONTROL | {"verify"},
}


def told_to(process: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: without the secrets of others, neither as values nor as names of files."""
    return {
        name: value
        for name, value in environment.items()
        if process in HOLDERS.get(name.removesuffix("_FILE"), frozenset({process}))
    }
