"""What every test may use: one running copy of the whole product per test process, and a tenant of its own per test.

Nothing is faked and nothing is rolled back: each test makes an organization and works inside it, so tests can run
in any order and side by side, and every one of them is a test of tenancy too. Tests in this process reach the same
database as `licet_app`, exactly as the running copy does.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no finding.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.running.prove", "tests.places", "tests.running.browser", "tests.running.scheduling"]
pytest_plugins += ["tests.billing.shops"]

UNHURRIED = {"LICET_API_RATE_PER_SECOND": "100000"}  # tests ask faster than anybody may; one of them has its own copy

_STACK = pytest.StashKey[object]()
_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Starts the copy before any test module is imported: Django's settings are read once, from what it wrote."""
    hands_out_work = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if hands_out_work or config.option.collectonly or config.option.help:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        return
    from tests.running.stack import Stack, free_port  # noqa: PLC0415 - only the processes that run tests need one

    folder = Path(tempfile.mkdtemp(prefix="licet-tests-"))
    stripe = {"LICET_STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}"}  # listens once a test asks for it
    try:
        stack = Stack(folder / "home", UNHURRIED | stripe).__enter__()
    except AssertionError as error:
        pytest.exit(f"The copy that the tests use does not start:\n{error}", returncode=3)
    config.stash[_STACK], config.stash[_FOLDER] = stack, folder
    os.environ |= json.loads((stack.home / "environment.json").read_text())
    os.environ |= {"LICET_HOME": str(stack.home), "EMAIL_URL": stack.environment["EMAIL_URL"]} | stripe
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django  # noqa: PLC0415 - as above

    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    stack = config.stash.get(_STACK, None)
    if stack is not None:
        stack.stop()  # type: ignore[attr-defined]  # a Stack, whose module must not be imported before its time
        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> object:
    """The running copy; tests that stop, starve or restart things start one of their own."""
    return request.config.stash[_STACK]
