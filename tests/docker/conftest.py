"""One production copy for all tests of this folder, and one organization in it, made as an operator makes it."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running.containers.production import Production

PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="session")
def copy() -> Iterator[Production]:
    with tempfile.TemporaryDirectory(prefix="licet-production-") as folder:
        Path(folder).chmod(0o755)  # pytest's own is closed to the user that the processes run as
        with Production(Path(folder)) as started:
            yield started


@pytest.fixture(scope="session")
def organization(copy: Production) -> dict[str, Any]:
    told = copy.run("web", "python", "manage.py", "create_organization", "Acme", "owner@acme.test")
    document: dict[str, Any] = json.loads(told)
    return document


@pytest.fixture
def api(copy: Production, organization: dict[str, Any]) -> Iterator[httpx.Client]:
    """The organization's back end, from outside."""
    with copy.client("web", headers={"Authorization": f"Bearer {organization['secret_key']}"}) as client:
        yield client


@pytest.fixture
def verifier(copy: Production, organization: dict[str, Any]) -> Iterator[httpx.Client]:
    """Its gateway, from outside."""
    with copy.client("verify", headers={"Authorization": f"Bearer {organization['secret_key']}"}) as client:
        yield client


@pytest.fixture
def agreed(verifier: httpx.Client) -> Callable[[dict[str, str]], bool]:
    """Whether both nodes soon give each key's secret its code; nginx asks them in turn."""

    def ask(expected: dict[str, str]) -> bool:
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            answers = [(key, verifier.post("/v1/verify", json={"key": key}).json()) for key in (*expected, *expected)]
            if all(answer["code"] == expected[key] for key, answer in answers):
                return True
            if time.monotonic() > patience_ends:
                return False

    return ask
