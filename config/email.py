"""How mail is sent, from one address: `smtp://user:password@host:587` (STARTTLS), `smtps://…:465`, `console:`."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from config.env import Misconfigured

_BACKENDS = "django.core.mail.backends"


class Mail(NamedTuple):
    """Django's EMAIL_ settings."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def from_url(url: str) -> Mail:
    parts = urlsplit(url)
    if parts.scheme == "console":
        return Mail(f"{_BACKENDS}.console.EmailBackend")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        message = "EMAIL_URL is written smtp://user:password@host:587, smtps://user:password@host:465 or console:"
        raise Misconfigured(message)
    tls, user = parts.scheme == "smtps", unquote(parts.username or "")
    port = parts.port or (465 if tls else 587)
    password = unquote(parts.password or "")
    return Mail(f"{_BACKENDS}.smtp.EmailBackend", parts.hostname, port, user, password, not tls and bool(user), tls)
