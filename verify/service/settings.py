"""What the verify service is told by its environment."""

import os
from pathlib import Path
from typing import NamedTuple

from verify.digests import Pepper, read_ring
from verify.ground.environment import Env, Misconfigured
from verify.ground.failpoints import armed
from verify.ground.proxies import Proxies, read_proxies
from verify.ground.strength import refuse_weak_password, refuse_weak_token
from verify.service.facts.memory import MOST_FACTS

MOST_UNDRAINED = 1_000_000  # calls in one shard's log, about 400 MB
MOST_SHARDS = 1024
NO_PROXIES = Proxies(())
MOST_SPOOLED = 1024**3  # bytes, a million calls or two


class Settings(NamedTuple):
    redis_url: str
    peppers: tuple[Pepper, ...]
    metrics_token: str = ""
    counter_shards: int = 1
    log_cap: int = MOST_UNDRAINED
    proxies: Proxies = NO_PROXIES
    spool_dir: Path | None = None
    spool_cap: int = MOST_SPOOLED
    metrics_folder: Path | None = None
    facts_cap: int = MOST_FACTS


def load() -> Settings:
    """Raises Misconfigured with one sentence."""
    env = Env(os.environ)
    strict = env.is_production()
    peppers = read_ring("LICET_PEPPERS", env.required("LICET_PEPPERS"), strict=strict)
    settings = Settings(
        env.required("REDIS_URL"),
        peppers,
        env.text("LICET_METRICS_TOKEN"),
        env.number("LICET_COUNTER_SHARDS", 1),
        env.number("LICET_LOG_CAP", MOST_UNDRAINED),
        read_proxies(env.words("TRUSTED_PROXIES"), strict=strict),
        Path(folder) if (folder := env.text("LICET_SPOOL_DIR")) else None,
        env.number("LICET_SPOOL_CAP", MOST_SPOOLED),
        Path(folder) if (folder := env.text("LICET_METRICS_FOLDER")) else None,
        env.number("LICET_FACTS_CAP", MOST_FACTS),
    )
    if not 1 <= settings.counter_shards <= MOST_SHARDS or min(settings.log_cap, settings.facts_cap) < 1:
        message = f"LICET_COUNTER_SHARDS is 1 to {MOST_SHARDS}, LICET_LOG_CAP and LICET_FACTS_CAP at least 1."
        raise Misconfigured(message)
    if strict:
        _refuse_weak(settings)
    return settings


def _refuse_weak(settings: Settings) -> None:
    if armed():
        message = f"LICET_FAILPOINTS ({', '.join(armed())}) is for tests; unset it in production."
        raise Misconfigured(message)
    refuse_weak_password("REDIS_URL", settings.redis_url)
    refuse_weak_token("LICET_METRICS_TOKEN", settings.metrics_token)
