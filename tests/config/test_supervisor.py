"""`up` with small children and real embedded servers: start, stop, restart, second run, and what it refuses."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env import Env
from tests.config.sample_up import COMMAND
from tests.running.stack import CLONE, Running


def sample(home: Path, **environment: str) -> Running:
    return Running(home, environment, command=COMMAND)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with sample(tmp_path / "home") as started:
        started.wait_for("both planes are ready")
        yield started


def pid_of_web(copy: Running) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{copy.port}/pid", timeout=20) as answer:
        return int(answer.read())


def named(copy: Running, part: str) -> list[int]:
    return [pid for pid, command in copy.pids().items() if part in command]


def refusal(copy: Running) -> str:
    """What a copy that cannot start says last; it must end by itself, with status 1, and leave nothing."""
    with copy:
        assert copy.process.wait(timeout=60) == 1, copy.log
        assert copy.left() == {}
    return copy.log.partition("Cannot start: ")[2]


def test_it_starts_everything_and_stops_it_on_a_signal(running: Running) -> None:
    assert "PostgreSQL 18 is up" in running.log
    assert "Valkey is up" in running.log
    running.wait_for("relay    | the family is complete")
    assert running.stop(signal.SIGINT) == 0
    assert running.left(seconds=0) == {}


def test_what_it_writes_is_private_and_a_second_run_keeps_the_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    kept = []
    for number in (1, 2):
        with sample(home) as copy:
            copy.wait_for(f"run number {number}")
            copy.wait_for("both planes are ready")
            kept.append((home / "secrets.json").read_text())
            assert copy.stop() == 0
    assert kept[0] == kept[1]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("secrets.json", "environment.json", "lock"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    written = json.loads((home / "environment.json").read_text())
    assert written["DATABASE_URL"].startswith("postgresql://licet_app@/licet?host=")
    assert "DATABASE_ADMIN_URL" not in written


def test_two_copies_run_side_by_side(running: Running, tmp_path: Path) -> None:
    with sample(tmp_path / "other") as other:
        other.wait_for("both planes are ready")
        assert pid_of_web(other) != pid_of_web(running)
        assert other.stop() == 0
    assert pid_of_web(running)


def test_a_second_up_on_one_home_is_refused_and_harms_nothing(running: Running) -> None:
    second = Running(running.home, command=COMMAND)
    finished = subprocess.run(
        [sys.executable, *COMMAND],
        cwd=CLONE,
        env=second.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert finished.returncode == 1
    assert f"{running.home} is in use by another `up` (process {running.process.pid})" in finished.stdout
    assert pid_of_web(running)


@pytest.mark.parametrize("variable", ["LICET_PORT", "LICET_VERIFY_PORT"])
def test_a_taken_port_is_one_sentence_that_names_the_variable(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(sample(tmp_path / "home", **{variable: str(port)}))
    assert said == f"Port {port} on 127.0.0.1 is taken; stop what listens there or choose another with {variable}=…\n"


def test_a_child_that_dies_is_restarted_and_no_caller_is_refused(running: Running) -> None:
    first = pid_of_web(running)
    os.kill(first, signal.SIGKILL)
    assert pid_of_web(running) != first
    assert "web stopped (killed by SIGKILL)" in running.log


def test_a_killed_database_recovers(running: Running) -> None:
    [postmaster] = named(running, "/postgres -D")
    os.kill(postmaster, signal.SIGKILL)
    running.wait_for("postgres stopped (killed by SIGKILL)")
    patience_ends = time.monotonic() + 20
    while named(running, "/postgres -D") in ([], [postmaster]):
        assert time.monotonic() < patience_ends, running.log
        time.sleep(0.05)
    assert running.stop() == 0


def test_a_damaged_database_is_one_sentence_that_names_the_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with sample(home) as copy:
        copy.wait_for("both planes are ready")
        assert copy.stop() == 0
    (home / "pg18" / "global" / "pg_control").unlink()
    said = refusal(sample(home))
    assert f"PostgreSQL does not start with the data in {home / 'pg18'}" in said
    assert "pg_control" in said
    assert "move it away" in said

    (home / "pg18" / "PG_VERSION").write_text("17\n")
    assert f"{home / 'pg18'} was made by PostgreSQL 17, this is 18." in refusal(sample(home))

    (home / "pg18" / "PG_VERSION").unlink()
    assert f"{home / 'pg18'} holds no PostgreSQL database" in refusal(sample(home))


def test_a_damaged_valkey_log_is_one_sentence_that_names_the_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with sample(home) as copy:
        copy.wait_for("both planes are ready")
        assert copy.stop() == 0
    for file in (home / "valkey" / "appendonlydir").glob("*.manifest"):
        file.write_text("this is no manifest\n")
    assert f"Valkey does not start with the data in {home / 'valkey'}" in refusal(sample(home))


def test_a_start_that_was_killed_half_way_leaves_no_broken_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with sample(home) as copy:
        while not (home / "pg18.new").exists():
            assert copy.process.poll() is None, copy.log
            time.sleep(0.01)
        copy.kill9()
        assert not (home / "pg18").exists()
    with sample(home) as again:
        again.wait_for("both planes are ready")
        assert again.stop() == 0


def test_a_child_that_keeps_failing_at_the_start_ends_it_with_its_last_lines(tmp_path: Path) -> None:
    said = refusal(sample(tmp_path / "home", SAMPLE="crash"))
    assert "`relay` stopped 5 times (exit status 1)" in said
    assert "this sample always fails" in said


def test_a_plane_that_never_gets_ready_is_named_with_its_last_answer(tmp_path: Path) -> None:
    said = refusal(sample(tmp_path / "home", SAMPLE="deaf"))
    assert "The verify service at http://127.0.0.1" in said
    assert "503 the sample says so" in said
    assert "control plane" not in said


def test_a_long_path_gets_short_sockets_in_a_private_place(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    with sample(deep / "home") as copy:
        copy.wait_for("both planes are ready")
        written = json.loads((deep / "home" / "environment.json").read_text())
        sockets = Path(urllib.parse.unquote(written["DATABASE_URL"].partition("host=")[2]))
        assert len(str(sockets)) < 60
        assert stat.S_IMODE(sockets.parent.stat().st_mode) == 0o700
        assert copy.stop() == 0
    assert not sockets.parent.exists()


def test_servers_that_are_given_are_used_and_none_is_started(running: Running, tmp_path: Path) -> None:
    given = json.loads((running.home / "environment.json").read_text())
    servers = {name: given[name] for name in ("DATABASE_URL", "REDIS_URL")}
    servers["DATABASE_ADMIN_URL"] = given["DATABASE_URL"].replace("licet_app@", "postgres@")
    with sample(tmp_path / "other", **servers) as other:
        other.wait_for("run number 2")
        other.wait_for("both planes are ready")
        assert not named(other, "/postgres -D")
        assert not named(other, "valkey-server")
        assert not (other.home / "pg18").exists()
        assert other.stop() == 0
    assert pid_of_web(running)


def test_given_secrets_win_and_stay_out_of_the_kept_ones(tmp_path: Path) -> None:
    (tmp_path / "keks").write_text("8:in a file\n")
    given = {"LICET_PEPPERS": "7:given", "LICET_DATA_KEKS_FILE": os.path.relpath(tmp_path / "keks", CLONE)}
    with sample(tmp_path / "home", **given) as copy:
        copy.wait_for("both planes are ready")
        written = (copy.home / "environment.json").read_text()
        by_hand = Env({}, json.loads(written))
        assert [by_hand.text(name) for name in ("LICET_PEPPERS", "LICET_DATA_KEKS")] == ["7:given", "8:in a file"]
        assert "8:in a file" not in written
        assert "given" not in (copy.home / "secrets.json").read_text()
        assert copy.stop() == 0


def test_damaged_secrets_are_never_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "secrets.json").write_text("{")
    assert f"{home / 'secrets.json'} is damaged" in refusal(sample(home))
    assert (home / "secrets.json").read_text() == "{"


def test_a_reader_that_stops_reading_the_log_holds_nobody_up(tmp_path: Path) -> None:
    copy = sample(tmp_path / "home", SAMPLE="chatty")
    reader, writer = os.pipe()
    started = subprocess.Popen(
        [sys.executable, *COMMAND], cwd=CLONE, env=copy.environment, stdout=writer, start_new_session=True
    )
    try:
        patience_ends = time.monotonic() + 30
        said = copy.home / "chatted"
        while not said.exists():  # written after far more than the pipe and the queue hold
            assert time.monotonic() < patience_ends
            time.sleep(0.05)
        started.terminate()
        assert started.wait(timeout=30) == 0
    finally:
        started.kill()
        started.wait()
        os.close(writer)
        os.close(reader)
    assert copy.left() == {}
