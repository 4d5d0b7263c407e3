"""What docker/compose.yaml promises: the supervisor's own commands, each with its own secrets, closed in every way."""

import re
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.env import Env
from config.settings import CELERY_TASK_TIME_LIMIT
from config.supervisor import ports, stack
from config.supervisor.embedded import valkey
from config.supervisor.trust import HOLDERS
from tests.running.containers import compose
from tests.running.stack import CLONE, free_port

SERVICES = compose.services(compose.example())
OURS = {name: service for name, service in SERVICES.items() if service.all["image"].startswith("licet:")}
THEIRS = {"email_url", "tls_certificate", "tls_key"}
# Read by the code, and nothing that this file should say.
NOT_SAID = {
    "LICET_HOME": "the image says it",
    "LICET_HOST": "a container listens to its networks",
    "LICET_PORT": "nginx' configuration knows it",
    "LICET_VERIFY_PORT": "as above",
    "LICET_VERIFY_WORKERS": "replicas",
    "LICET_METRICS_FOLDER": "each container is one process",
    "LICET_DATABASE_POOL": "the web process sets it for itself",
    "LICET_STRIPE_API_BASE": "only a Stripe for tests is elsewhere",
}


def plan(home: Path) -> stack.Plan:
    """What `manage.py up` would start."""
    given = {"LICET_PORT": str(free_port()), "LICET_VERIFY_PORT": str(free_port())}
    with ports.listen(Env(given, {})) as doors:
        return stack.licet(doors, home, {}, {})


def essence(words: Iterable[str]) -> list[str]:
    """A command without what a container has of its own: its Python, where it listens, where it keeps its schedule."""
    text = " ".join(words).replace(stack.PYTHON, "python")
    text = re.sub(r" -W ignore:You're running the worker| --fd \d+| --host \S+| --port \d+", "", text)
    return re.sub(r"-s \S+/beat-schedule", "-s beat-schedule", text).split()


def test_each_service_is_a_process_of_the_supervisor_with_its_command(tmp_path: Path) -> None:
    all_of_it = plan(tmp_path)
    programs = {program.name: program for program in (*all_of_it.at_once, *all_of_it.prepared, *all_of_it.ready)}
    assert all_of_it.prepare
    programs[all_of_it.prepare.name] = all_of_it.prepare
    assert set(OURS) == set(programs)
    for name, program in programs.items():
        assert essence(OURS[name].words) == essence(program.argv), name


def told(service: compose.Service) -> dict[str, str]:
    """Names of its secrets, by the files it reads them from."""
    settings = {name.removesuffix("_FILE"): value for name, value in service.environment.items()}
    return {settings[name].rpartition("/")[2]: name for name in HOLDERS if name in settings}


@pytest.mark.parametrize("name", OURS)
def test_a_service_holds_what_the_table_of_trust_lets_it_hold_and_no_more(name: str) -> None:
    may_hold = {secret for secret, holders in HOLDERS.items() if name in holders} - {"DATABASE_ADMIN_URL"}
    assert set(told(OURS[name]).values()) == may_hold
    assert set(told(OURS[name])) == set(OURS[name].secrets)
    for setting, value in OURS[name].environment.items():
        assert setting.removesuffix("_FILE") not in HOLDERS or value.startswith("/run/secrets/"), setting


def test_every_secret_is_made_by_the_script_and_a_second_run_changes_none(tmp_path: Path) -> None:
    def contents() -> dict[str, str]:
        subprocess.run([CLONE / "docker" / "make_secrets.sh", tmp_path / "secrets"], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    made = contents()
    assert set(made) | THEIRS == set(compose.document(compose.example())["secrets"])
    assert len(set(made.values())) == len(made)
    assert contents() == made
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_closed(name: str) -> None:
    service = SERVICES[name].all
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid", "devices", "env_file"}
    assert name in OURS or service["user"] not in ("root", "0", 0)
    assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")
    assert all(":ro" in volume or ":/var/lib/" in volume or ":/data" in volume for volume in service.get("volumes", []))


def networks(name: str) -> set[str]:
    return set(SERVICES[name].all["networks"])


def test_only_nginx_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service.all] == ["nginx"]
    described = compose.document(compose.example())["networks"]
    assert {name for name, network in described.items() if network.get("internal")} == {"planes", "facts", "database"}
    assert {name for name in SERVICES if "public" in networks(name)} == {"nginx"}
    assert {name for name in SERVICES if "outgoing" in networks(name)} == {"web", "worker"}


def test_who_needs_no_database_cannot_reach_it() -> None:
    meets = {name for name in SERVICES if "database" in networks(name)}
    assert meets == {"postgres", "prepare", "web", "worker", "relay", "drain"}
    assert networks("verify") == {"planes", "facts"}
    assert networks("nginx") == {"public", "planes"}


@pytest.mark.parametrize("name", ["web", "verify"])
def test_a_plane_is_healthy_when_it_says_ready_and_nginx_waits_for_it(name: str) -> None:
    port = OURS[name].words[OURS[name].words.index("--port") + 1]
    assert f"'http://127.0.0.1:{port}/readyz'" in OURS[name].all["healthcheck"]["test"][-1]
    assert f"server {name}:{port} resolve;" in (CLONE / "docker" / "nginx.conf").read_text()
    assert SERVICES["nginx"].all["depends_on"][name] == {"condition": "service_healthy"}


def test_nobody_works_on_a_database_that_is_not_prepared() -> None:
    for name in ("web", "worker", "beat", "relay", "drain"):
        assert OURS[name].all["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}, name
    assert OURS["prepare"].all["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_redis_keeps_what_the_embedded_one_keeps() -> None:
    words = SERVICES["redis"].words
    for setting in ("appendonly", "appendfsync", "maxmemory-policy", "save"):
        assert words[words.index(f"--{setting}") + 1] == valkey.SETTINGS[setting]


def test_a_task_under_way_may_end() -> None:
    assert SERVICES["worker"].grace_seconds > CELERY_TASK_TIME_LIMIT
    words = OURS["web"].words
    assert SERVICES["web"].grace_seconds > float(words[words.index("--timeout-graceful-shutdown") + 1])


def test_two_verify_nodes_answer() -> None:
    assert SERVICES["verify"].replicas == 2


def test_every_variable_is_explained_in_the_example_and_every_explanation_is_of_one() -> None:
    assert compose.variables_of_the_example() == compose.variables_of_the_file()
    lines = compose.EXAMPLE.read_text().splitlines()
    for before, line in pairwise(lines):
        assert not re.match(r"#?[A-Z_]+=", line) or before.startswith("#"), line
    with pytest.raises(KeyError):
        compose.document({})


def test_every_secret_is_explained_in_the_example() -> None:
    text = compose.EXAMPLE.read_text()
    assert [name for name in compose.document(compose.example())["secrets"] if name not in text] == []


def test_every_setting_that_the_code_reads_can_be_given() -> None:
    """A new setting has its line here and in .env.example, or its reason in NOT_SAID."""
    sources = [*CLONE.glob("config/*.py"), CLONE / "verify" / "service" / "settings.py"]
    reads = re.compile(r"""(?:env\.(?:text|required|number|words)|_secret)\(\s*"([A-Z_]+)\"""")
    read = {name for path in sources for name in reads.findall(path.read_text())}
    given = {name.removesuffix("_FILE") for service in OURS.values() for name in service.environment}
    assert {"LICET_PEPPERS", "TRUSTED_PROXIES"} <= read
    assert read - given - set(NOT_SAID) == set()


def test_it_is_yaml_without_a_name_given_twice() -> None:
    """PyYAML and Compose would each take another of two."""

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
            names = [name.value for name, _ in node.value]
            assert len(names) == len(set(names)), names
            return dict(super().construct_mapping(node, deep))

    assert yaml.load(compose.FILE.read_text(), Strict)
