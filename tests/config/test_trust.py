"""Every process is told its own secrets and nobody else's."""

from pathlib import Path

import pytest

from config.email import Mail, from_url
from config.env import Misconfigured
from config.supervisor.trust import HOLDERS
from tests.running.stack import Stack

WORDS = {
    "web": "uvicorn config.asgi",
    "verify": "verify.service",
    "relay": "manage.py relay",
    "drain": "manage.py drain",
    "beat": "celery --quiet -A config beat",
}


def test_what_a_process_holds_is_what_the_table_says(stack: Stack) -> None:
    running = stack.pids()
    for process, words in WORDS.items():
        pid = next(pid for pid, command in running.items() if words in command)
        told = {line.partition(b"=")[0].decode() for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")}
        for secret, holders in HOLDERS.items():
            assert secret not in told or process in holders, (process, secret)
    assert "DATABASE_OWNER_URL" not in told


@pytest.mark.parametrize(
    ("url", "mail"),
    [
        ("console:", Mail("django.core.mail.backends.console.EmailBackend")),
        (
            "smtp://me:p%40ss@mail.example:2525",
            Mail("django.core.mail.backends.smtp.EmailBackend", "mail.example", 2525, "me", "p@ss", starttls=True),
        ),
        ("smtps://mail.example", Mail("django.core.mail.backends.smtp.EmailBackend", "mail.example", 465, tls=True)),
        ("file:///tmp/my%20mail", Mail("django.core.mail.backends.filebased.EmailBackend", folder="/tmp/my mail")),
    ],
)
def test_mail_is_set_by_one_address(url: str, mail: Mail) -> None:
    assert from_url(url) == mail


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(Misconfigured, match="smtp://user:password@host:587"):
        from_url(url)


@pytest.mark.parametrize("url", ["file:mail", "file://mail", "file://", "file:"])
def test_a_folder_for_mail_is_absolute(url: str) -> None:
    with pytest.raises(Misconfigured, match="file:///folder"):
        from_url(url)


def test_production_sends_mail_and_keeps_none_in_a_folder() -> None:
    with pytest.raises(Misconfigured, match="in production"):
        from_url("file:///tmp/mail", production=True)
