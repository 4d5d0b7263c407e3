"""Production is strict: what is missing, known, weak or too trusting ends every process with one sentence."""

import os
import runpy
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.env import Misconfigured
from tests.running.stack import CLONE

DEVELOPMENT_RING = "1:" + "A" * 43
OURS = ("LICET_", "DATABASE_", "REDIS_", "EMAIL_", "TRUSTED_", "DJANGO_")


def ring() -> str:
    return f"1:{secrets.token_urlsafe(32)}"


def good() -> dict[str, str]:
    def login(role: str) -> str:
        return f"postgresql://{role}:{secrets.token_hex(24)}@postgres:5432/licet"

    return {
        "LICET_MODE": "production",
        "LICET_PUBLIC_URL": "https://licet.example.org",
        "LICET_VERIFY_URL": "https://verify.example.org",
        "LICET_SECRET_KEY": secrets.token_urlsafe(48),
        "LICET_PEPPERS": ring(),
        "LICET_DATA_KEKS": ring(),
        "LICET_METRICS_TOKEN": secrets.token_hex(24),
        "DATABASE_URL": login("licet_app"),
        "DATABASE_SWEEP_URL": login("licet_sweep"),
        "REDIS_URL": f"redis://:{secrets.token_hex(24)}@redis:6379/0",
        "EMAIL_URL": "smtps://licet:theirs@mail.example.org",
        "TRUSTED_PROXIES": "172.30.57.2",
    }


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No setting of the copy that the tests use."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LICET_HOME", str(tmp_path))
    return monkeypatch


def settings_from(bare: pytest.MonkeyPatch, changed: dict[str, str]) -> dict[str, Any]:
    """Django's settings, read anew; the ones in use stay as they are."""
    for name, value in (good() | changed).items():
        bare.setenv(name, value)
    return runpy.run_path(str(CLONE / "config" / "settings.py"))


def verify_settings_from(bare: pytest.MonkeyPatch, changed: dict[str, str]) -> object:
    from verify.service.settings import load  # noqa: PLC0415 - read with this test's environment alone

    for name, value in (good() | changed).items():
        bare.setenv(name, value)
    return load()


REFUSED = {
    "a mode that is none": ({"LICET_MODE": "prod"}, "LICET_MODE must be development or production, not 'prod'"),
    "no session secret": ({"LICET_SECRET_KEY": ""}, "LICET_SECRET_KEY is not set"),
    "a short session secret": ({"LICET_SECRET_KEY": "kJh3-9sLq0Z"}, "LICET_SECRET_KEY is shorter than 50 characters"),
    "an example's": ({"LICET_SECRET_KEY": f"changeme{secrets.token_urlsafe(48)}"}, "SECRET_KEY is an example's"),
    "a repeated letter": ({"LICET_SECRET_KEY": "ab" * 40}, "LICET_SECRET_KEY is not random"),
    "no peppers": ({"LICET_PEPPERS": ""}, "LICET_PEPPERS is not set"),
    "development's peppers": ({"LICET_PEPPERS": DEVELOPMENT_RING}, "Secret 1 of LICET_PEPPERS is not random"),
    "a broken ring": ({"LICET_PEPPERS": "1:short"}, "LICET_PEPPERS cannot be read: "),
    "an old pepper that is weak": (
        {"LICET_PEPPERS": f"2:{ring()[2:]},{DEVELOPMENT_RING}"},
        "Secret 1 of LICET_PEPPERS",
    ),
    "development's data keys": ({"LICET_DATA_KEKS": DEVELOPMENT_RING}, "Secret 1 of LICET_DATA_KEKS is not random"),
    "a short metrics token": ({"LICET_METRICS_TOKEN": "prometheus"}, "LICET_METRICS_TOKEN is shorter"),
    "no mail": ({"EMAIL_URL": ""}, "EMAIL_URL is not set"),
    "no address": ({"LICET_PUBLIC_URL": ""}, "LICET_PUBLIC_URL is not set"),
    "an open address": ({"LICET_PUBLIC_URL": "http://licet.example.org"}, "LICET_PUBLIC_URL must be an https address"),
    "no address of verify": ({"LICET_VERIFY_URL": ""}, "LICET_VERIFY_URL is not set"),
    "half an address": ({"LICET_VERIFY_URL": "verify.example.org"}, "LICET_VERIFY_URL must be the address"),
    "no Redis": ({"REDIS_URL": ""}, "REDIS_URL is not set"),
    "a known password": (
        {"REDIS_URL": "redis://:changeme-changeme@redis"},
        "The password in REDIS_URL is an example's",
    ),
    "no database": ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
    "one login for all": ({"DATABASE_SWEEP_URL": ""}, "DATABASE_SWEEP_URL is not set"),
    "one login twice": (
        {"DATABASE_URL": "postgresql://licet_app@h/licet", "DATABASE_SWEEP_URL": "postgresql://licet_app@h/licet"},
        "must name a role each",
    ),
    "a guessed password": (
        {"DATABASE_URL": "postgresql://licet_app:licet@h/licet"},
        "The password in DATABASE_URL is shorter",
    ),
    "no address of a database": ({"DATABASE_URL": "somewhere else"}, "DATABASE_URL is not an address"),
    "a name for a proxy": ({"TRUSTED_PROXIES": "nginx"}, "TRUSTED_PROXIES holds addresses and networks only"),
    "everyone a proxy": ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "would believe whatever any caller says"),
}


@pytest.mark.parametrize(("changed", "sentence"), REFUSED.values(), ids=REFUSED)
def test_the_control_plane_refuses(bare: pytest.MonkeyPatch, changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        settings_from(bare, changed)
    assert sentence in str(refused.value)
    told = [value for value in changed.values() if len(value) > 20 and "//" not in value]
    assert not any(value in str(refused.value) for value in told)


VERIFY_HOLDS = ("LICET_MODE", "LICET_PEPPERS", "REDIS_URL", "LICET_METRICS_TOKEN", "TRUSTED_PROXIES")


@pytest.mark.parametrize("name", [name for name, case in REFUSED.items() if set(case[0]) <= set(VERIFY_HOLDS)])
def test_the_verify_service_refuses_the_same_of_what_it_holds(bare: pytest.MonkeyPatch, name: str) -> None:
    changed, sentence = REFUSED[name]
    with pytest.raises(Misconfigured) as refused:
        verify_settings_from(bare, changed)
    assert sentence in str(refused.value)


def test_good_settings_are_taken_and_cookies_are_for_tls_alone(bare: pytest.MonkeyPatch) -> None:
    taken = settings_from(bare, {})
    assert taken["SESSION_COOKIE_SECURE"]
    assert taken["CSRF_COOKIE_SECURE"]
    assert taken["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert taken["ALLOWED_HOSTS"] == ["licet.example.org"]
    assert taken["CSRF_TRUSTED_ORIGINS"] == ["https://licet.example.org"]
    assert verify_settings_from(bare, {})


def test_without_a_trusted_proxy_nobody_is_believed_to_have_come_over_tls(bare: pytest.MonkeyPatch) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in settings_from(bare, {"TRUSTED_PROXIES": ""})
    assert "SECURE_PROXY_SSL_HEADER" in settings_from(bare, {})


def test_each_secret_may_come_from_a_file(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "peppers").write_text(ring() + "\n")
    assert settings_from(bare, {"LICET_PEPPERS": "", "LICET_PEPPERS_FILE": str(tmp_path / "peppers")})


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | good() | {"LICET_HOME": str(tmp_path)}


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_djangos_own_checks_of_a_deployment_find_nothing(environment: dict[str, str]) -> None:
    done = run(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("manage.py", "relay"),
        ("-m", "uvicorn", "config.asgi:application"),
        ("-m", "celery", "-A", "config", "beat"),
        ("-m", "verify.service"),
    ],
    ids=["a command", "web", "Celery", "verify"],
)
def test_a_process_with_a_development_secret_ends_with_that_one_sentence(
    environment: dict[str, str], words: tuple[str, ...]
) -> None:
    done = run(environment | {"LICET_PEPPERS": DEVELOPMENT_RING}, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("Secret 1 of LICET_PEPPERS is not random, which production refuses; make another")
    assert done.stderr.count("\n") == 1
