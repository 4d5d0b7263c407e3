"""What the verify service is told by its environment."""

import os
from typing import NamedTuple

from verify.digests import Pepper
from verify.ground.environment import Env, Misconfigured
from verify.ground.failpoints import armed
from verify.ground.strength import refuse_weak_password, refuse_weak_token
from verify.rings import read_ring


class Settings(NamedTuple):
    redis_url: str
    peppers: tuple[Pepper, ...]
    metrics_token: str = ""


def load() -> Settings:
    """Raises Misconfigured with one sentence."""
    env = Env(os.environ)
    strict = env.is_production()
    peppers = read_ring("LICET_PEPPERS", env.required("LICET_PEPPERS"), strict=strict)
    settings = Settings(env.required("REDIS_URL"), peppers, env.text("LICET_METRICS_TOKEN"))
    if strict:
        _refuse_weak(settings)
    return settings


def _refuse_weak(settings: Settings) -> None:
    if armed():
        message = f"LICET_FAILPOINTS ({', '.join(armed())}) is for tests; unset it in production."
        raise Misconfigured(message)
    refuse_weak_password("REDIS_URL", settings.redis_url)
    refuse_weak_token("LICET_METRICS_TOKEN", settings.metrics_token)
