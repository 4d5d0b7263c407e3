"""What `LICET_MODE=production` refuses: a setting that is missing, known from an example, or too weak to be meant."""

from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.databases import URLS
from config.env import Env, Misconfigured
from verify.ground.failpoints import armed
from verify.ground.proxies import read_proxies
from verify.ground.strength import refuse_weak, refuse_weak_password, refuse_weak_token

LEAST_SECRET_KEY = 50  # as Django's own check wants it
WEB_SCHEMES = ("http", "https")


def refuse_weak_settings(env: Env) -> None:
    """The rings are looked at where they are read. Raises Misconfigured with one sentence that says what to do."""
    if armed():
        message = f"LICET_FAILPOINTS ({', '.join(armed())}) is for tests; unset it in production."
        raise Misconfigured(message)
    secret_key = env.required("LICET_SECRET_KEY")
    refuse_weak("LICET_SECRET_KEY", secret_key, least=LEAST_SECRET_KEY, make="openssl rand -base64 48")
    _refuse_addresses(env)
    _refuse_databases(env)
    for name in ("REDIS_URL", "LICET_BROKER_URL"):
        refuse_weak_password(name, env.text(name))
    refuse_weak_token("LICET_METRICS_TOKEN", env.text("LICET_METRICS_TOKEN"))
    read_proxies(env.words("TRUSTED_PROXIES"), strict=True)


def _refuse_addresses(env: Env) -> None:
    public, verify = env.required("LICET_PUBLIC_URL"), env.required("LICET_VERIFY_URL")
    if urlsplit(public).scheme != "https" or not urlsplit(public).hostname:
        message = f"LICET_PUBLIC_URL must be an https address in production, not {public}; passwords travel over it."
        raise Misconfigured(message)
    if urlsplit(verify).scheme not in WEB_SCHEMES or not urlsplit(verify).hostname:
        message = f"LICET_VERIFY_URL must be the address that gateways call verify by, such as https://…, not {verify}."
        raise Misconfigured(message)
    env.required("REDIS_URL")


def _refuse_databases(env: Env) -> None:
    """Each role has its own login: whoever takes the web process over has neither the owner's nor the sweep's rows."""
    urls = {name: env.text(name) for name in URLS}
    for name in ("DATABASE_URL", "DATABASE_SWEEP_URL"):
        env.required(name)
    if len({url for url in urls.values() if url}) < len([url for url in urls.values() if url]):
        message = f"{', '.join(URLS)} must name a role each; see docs/production.md."
        raise Misconfigured(message)
    for name, url in urls.items():
        try:
            password = conninfo_to_dict(url).get("password")
        except ProgrammingError:
            message = f"{name} is not an address as PostgreSQL knows it: postgresql://role:password@host:5432/licet."
            raise Misconfigured(message) from None
        refuse_weak_token(f"The password in {name}", str(password or ""))
