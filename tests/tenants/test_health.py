"""The control plane says whether it can serve, and as whom."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.test import RequestFactory, override_settings

from tenants import clock
from tenants.api.health import metrics
from tenants.models import AuditEntry, OutboxEntry
from tenants.tasks import tidy_outbox
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.running.nodes import control_plane
from tests.running.whole import Whole
from verify.ground.ids import new_uuid


def test_it_works_as_licet_app_and_says_so(place: Place) -> None:
    ready = place.api.get("/readyz")
    assert (ready.status_code, ready.json()["current_user"]) == (200, "licet_app")


def test_a_real_request_is_written_by_licet_app(place: Place) -> None:
    made = place.post("customers", {"name": "Written by"})["id"]
    with tenant_transaction(place.environment.organization_id):
        entry = AuditEntry.objects.of_organization(place.environment.organization_id).get(subject_id=made)
    assert entry.database_role == "licet_app"
    assert entry.actor_kind == "secret_key"


def test_it_is_not_ready_with_a_role_that_passes_security(tmp_path: Path) -> None:
    too_much = {"DATABASE_URL": os.environ["DATABASE_SWEEP_URL"]}
    with pytest.raises(AssertionError, match="not ready"), control_plane(tmp_path, too_much, ready_seconds=6):
        pass


def test_it_tells_metrics_and_lives(place: Place) -> None:
    assert place.api.get("/livez").json() == {"status": "alive"}
    assert "licet_facts_published_total" in place.api.get("/metrics").text


@pytest.mark.parametrize(
    ("token", "address", "given", "status"),
    [
        ("", "127.0.0.1", "", 200),
        ("", "192.0.2.1", "", 403),
        ("", "192.0.2.1", "Bearer ", 403),
        ("t0k3n", "192.0.2.1", "Bearer t0k3n", 200),
        ("t0k3n", "127.0.0.1", "Bearer t0k3n", 200),
        ("t0k3n", "127.0.0.1", "Bearer other", 403),
        ("t0k3n", "127.0.0.1", "", 403),
    ],
)
def test_metrics_are_for_the_token_or_where_none_is_set_for_loopback(
    token: str, address: str, given: str, status: int
) -> None:
    asked = RequestFactory().get("/metrics", REMOTE_ADDR=address, headers={"Authorization": given})
    with override_settings(LICET_METRICS_TOKEN=token):
        assert metrics(asked).status_code == status


@pytest.mark.parametrize("host", ["10.244.1.7:8000", "licet_web_1", "nonsense/"])
def test_a_probe_may_call_it_by_any_name_and_nothing_else_may(place: Place, host: str) -> None:
    named = {"Host": host}
    assert [place.api.get(path, headers=named).status_code for path in ("/livez", "/readyz")] == [200, 200]
    assert place.api.get("/v1/customers", headers=named).status_code == 400
    assert place.api.get("/accounts/login/", headers=named).status_code == 400


def test_a_real_worker_does_the_tidying(place: Place) -> None:
    old, organization = clock.now() - timedelta(days=2), place.environment.organization_id
    entry = OutboxEntry(
        id=new_uuid(), organization_id=organization, kind="none", subject_id=new_uuid(), revision=0, created_at=old
    )
    entry.published_at = old
    with tenant_transaction(organization):
        entry.insert()
    place.post("customers", {"name": "Makes a newer entry; the newest is kept whatever its age"})
    tidy_outbox.delay()
    began = time.monotonic()
    while True:
        with tenant_transaction(organization):
            rows = OutboxEntry.objects.of_organization(organization)
            if not rows.filter(pk=entry.pk).exists():
                break
        assert time.monotonic() - began < 30, "no worker took the task"
        time.sleep(0.1)
    with tenant_transaction(organization):
        assert OutboxEntry.objects.of_organization(organization).exists()  # what is young stays


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("health") / "home") as started:
        yield started


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


def test_a_killed_database_comes_back_and_loses_nothing(whole: Whole) -> None:
    made = whole.post("customers", {"name": "Kept"})["id"]
    with whole.administrator() as connection:
        row = connection.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone()
    assert row is not None
    pid = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert whole.code(whole.bootstrap["sample"]["key_secret"]) == "VALID"  # verify needs no database
    until(lambda: whole.api.get("/readyz").status_code == 200)
    until(lambda: whole.api.get(f"/v1/customers/{made}").status_code == 200)


def test_without_a_database_it_is_not_ready_and_says_why(whole: Whole) -> None:
    with whole.administrator("postgres") as connection:
        connection.execute("ALTER DATABASE licet ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'licet'")
        try:
            until(lambda: whole.api.get("/readyz").status_code == 503)
            assert "does not answer" in whole.api.get("/readyz").json()["database"]
            answer = whole.api.get("/v1/customers")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
        finally:
            connection.execute("ALTER DATABASE licet ALLOW_CONNECTIONS true")
    until(lambda: whole.api.get("/v1/customers").status_code == 200)


def test_what_cannot_be_told_yet_answers_202_and_is_told_later(whole: Whole) -> None:
    made = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})
    until(lambda: whole.code(made["secret"]) == "VALID")
    server = whole.pid_of("valkey-server")
    os.kill(server, signal.SIGSTOP)
    try:
        answer = whole.api.post(f"/v1/keys/{made['id']}/revocation", json={})
        assert (answer.status_code, answer.json()["propagation"]) == (202, "pending")
        assert answer.json()["status"] == "revoked"
    finally:
        os.kill(server, signal.SIGCONT)
    until(lambda: whole.code(made["secret"]) == "KEY_REVOKED", 10)


def test_migrating_again_changes_nothing(whole: Whole) -> None:
    assert "migrated" in whole.manage("prepare")
    with psycopg.connect(whole.settings["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("licet_app",)
