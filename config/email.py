"""How mail is sent, from one address: `smtp://user:password@host:587` (STARTTLS), `smtps://…:465`, `console:`, `file:`.

In development mail is printed where the worker's log is, or kept in a folder, one file each time: `file:///folder`.
"""

from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

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
    folder: str = ""


def from_url(url: str, *, production: bool = False) -> Mail:
    parts = urlsplit(url)
    if parts.scheme == "console":
        return Mail(f"{_BACKENDS}.console.EmailBackend")
    if parts.scheme == "file":
        return _kept(parts, production=production)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        message = "EMAIL_URL is written smtp://user:password@host:587, smtps://user:password@host:465 or console:"
        raise Misconfigured(message)
    tls, user = parts.scheme == "smtps", unquote(parts.username or "")
    port = parts.port or (465 if tls else 587)
    password = unquote(parts.password or "")
    return Mail(f"{_BACKENDS}.smtp.EmailBackend", parts.hostname, port, user, password, not tls and bool(user), tls)


def _kept(parts: SplitResult, *, production: bool) -> Mail:
    """Whoever reads the folder can accept what others were invited to: for development and tests."""
    if production:
        message = "EMAIL_URL=file: keeps mail and sends none; in production it must be smtp:// or smtps://"
        raise Misconfigured(message)
    folder = unquote(parts.path)
    if parts.netloc or not folder.startswith("/"):
        message = "EMAIL_URL=file: wants an absolute folder: file:///folder"
        raise Misconfigured(message)
    return Mail(f"{_BACKENDS}.filebased.EmailBackend", folder=folder)
