"""What the verify service is told by its environment."""

import os
from typing import NamedTuple

from verify.digests import Pepper, parse_ring
from verify.ground.environment import Env, Misconfigured
from verify.ground.failpoints import armed


class Settings(NamedTuple):
    redis_url: str
    peppers: tuple[Pepper, ...]
    metrics_token: str = ""


def load() -> Settings:
    """Raises Misconfigured with one sentence."""
    env = Env(os.environ)
    if armed() and env.text("LICET_MODE") == "production":
        message = f"LICET_FAILPOINTS ({', '.join(armed())}) is for tests; unset it in production."
        raise Misconfigured(message)
    try:
        peppers = parse_ring(env.required("LICET_PEPPERS"))
    except ValueError as error:
        message = f"LICET_PEPPERS cannot be read: {error}."
        raise Misconfigured(message) from error
    return Settings(env.required("REDIS_URL"), peppers, env.text("LICET_METRICS_TOKEN"))
