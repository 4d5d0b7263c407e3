"""The database connections: `default` is the tenant-bound role, `sweep` sees all tenants, `owner` migrates.

With `DATABASE_URL` alone that URL is the owner's, and every other connection starts by becoming its role.
Production gives `DATABASE_OWNER_URL` (to the migration only), `DATABASE_URL` and `DATABASE_SWEEP_URL`.
"""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from config.env import Env, home

URLS = ("DATABASE_OWNER_URL", "DATABASE_URL", "DATABASE_SWEEP_URL")
APP_ROLE, SWEEP_ROLE = "licet_app", "licet_sweep"
STATEMENT_SECONDS = 15
LOCK_SECONDS = 10
MIGRATION_LOCK_SECONDS = 5


def from_environment(env: Env) -> dict[str, dict[str, Any]]:
    """`LICET_DATABASE_POOL` connections are kept per role; 0 (all but the web process): one per thread."""
    pool = env.number("LICET_DATABASE_POOL", 0)
    app_url = env.text("DATABASE_URL", f"postgresql:///licet?host={home() / 'run'}")
    owner_url, sweep_url = env.text("DATABASE_OWNER_URL"), env.text("DATABASE_SWEEP_URL")
    limits = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
    become_app = "" if owner_url or sweep_url else f" -c role={APP_ROLE}"
    become_sweep = "" if sweep_url else f" -c role={SWEEP_ROLE}"
    databases = {
        "default": _connection(app_url, limits + become_app, pool),
        "sweep": _connection(sweep_url or owner_url or app_url, limits + become_sweep, pool),
    }
    if owner_url or not sweep_url:
        migration = f"-c lock_timeout={MIGRATION_LOCK_SECONDS}s"
        databases["owner"] = _connection(owner_url or app_url, migration, 0)
    return databases


def _connection(url: str, options: str, pool: int) -> dict[str, Any]:
    known = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": known.pop("dbname", "licet"),
        "USER": known.pop("user", ""),
        "PASSWORD": known.pop("password", ""),
        "HOST": known.pop("host", ""),
        "PORT": str(known.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,  # a database that was restarted costs a look, not a failed request
        "OPTIONS": {
            "connect_timeout": 5,
            **known,
            "options": f"{known.get('options') or ''} {options}".strip(),
            **({"pool": {"min_size": 1, "max_size": pool, "timeout": 3}} if pool else {}),
        },
    }
