"""What docker/Dockerfile promises: what is in the image, from where, and as whom it runs."""

import subprocess
import tomllib

import pytest

from tests.running.containers import compose, image
from tests.running.stack import CLONE

SECRETS = ("SECRET", "PEPPERS", "KEKS", "TOKEN", "PASSWORD", "_URL")


def packages() -> set[str]:
    """Ours, by the list that the import contracts are held for."""
    project = tomllib.loads((CLONE / "pyproject.toml").read_text())
    return set(project["tool"]["importlinter"]["root_packages"])


def test_it_holds_all_of_ours_that_a_command_can_import_and_nothing_else() -> None:
    assert set(image.copied()) == packages() | {"manage.py", "templates", "requirements/base.txt"}


def test_what_is_copied_is_what_may_enter_the_build() -> None:
    lines = image.IGNORED.read_text().splitlines()
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(image.copied())


def test_whatever_it_needs_is_in_git() -> None:
    """A file that git ignores would be in the image of whoever wrote it and of nobody else."""
    words = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *image.copied()]
    ignored = subprocess.run(words, cwd=CLONE, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [name for name in ignored if not name.endswith(".pyc")] == []


def test_it_installs_what_the_lock_says_byte_for_byte() -> None:
    (install,) = [rest for stage in image.stages() for word, rest in stage if "pip install" in rest and word == "RUN"]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert "-r /tmp/requirements.txt" in install
    copies = [rest for word, rest in image.stages()[0] if word == "COPY"]
    assert "requirements/base.txt /tmp/requirements.txt" in copies


def test_it_runs_as_nobody_in_particular_and_cannot_write_itself() -> None:
    last = image.stages()[-1]
    assert last[-1] == image.Instruction("USER", "10001:10001")
    assert all("--chown" not in rest for word, rest in last if word == "COPY")
    assert image.environment()["PYTHONDONTWRITEBYTECODE"]


def test_no_secret_stays_in_it() -> None:
    assert [name for name in image.environment() if any(part in name for part in SECRETS)] == []
    assert not {word for stage in image.stages() for word, _ in stage} & {"ARG", "ADD", "HEALTHCHECK"}


def test_every_image_has_a_version() -> None:
    bases = [rest.split()[0] for stage in image.stages() for word, rest in stage if word == "FROM"]
    named = [service.all["image"] for service in compose.services(compose.example()).values()]
    for name in (*bases, *named):
        _, _, tag = name.partition(":")
        assert tag[:1].isdigit(), name


@pytest.mark.parametrize("name", ["docker/secrets/licet_peppers", "docker/.env"])
def test_git_takes_no_secret(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=CLONE, check=False).returncode == 0
