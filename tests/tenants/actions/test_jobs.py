"""A job ends, whatever becomes of its worker or its broker: done, or failed for a reason."""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import httpx

from tenants import clock
from tenants.actions.jobs import MOST_ATTEMPTS, carry_out, hand_out, hand_out_again
from tenants.models import Job
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.running import processes
from tests.running.nodes import control_plane
from tests.running.stack import Stack
from tests.tenants.actions.chains import administrator, until


def shown(place: Place, job: str) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get(f"/v1/jobs/{job}").raise_for_status().json()
    return found


def ended(place: Place, job: str) -> dict[str, Any]:
    """The job, once it is done or failed."""
    until(lambda: shown(place, job)["status"] in ("done", "failed"))
    return shown(place, job)


def made(place: Place, **fields: Any) -> Job:
    """A job that nobody was told of."""
    environment = place.environment
    row = Job(organization_id=environment.organization_id, environment_id=environment.id, **fields)
    row.created_at = clock.now()
    with tenant_transaction(environment.organization_id):
        return row.insert()


def test_a_verification_is_accepted_polled_and_done(place: Place) -> None:
    answer = place.api.post("/v1/audit_log/verification", json={})
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['id']}"
    job = ended(place, answer.json()["id"])
    assert (job["status"], job["progress"]) == ("done", job["total"])
    result = job["result"]
    assert (result["intact"], result["faults"], result["entries"]) == (True, [], job["total"])
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    place.api.get("/v1/jobs?status=done&kind=audit_log.verification").raise_for_status()


def test_a_job_begins_again_when_its_worker_is_killed(place: Place, stack: Stack) -> None:
    with administrator() as blocker:
        blocker.execute("LOCK TABLE audit_heads IN ACCESS EXCLUSIVE MODE")
        job = place.post("audit_log/verification", status=202)["id"]
        until(lambda: shown(place, job)["status"] == "running")
        for pid, command in processes.mentioning(str(stack.home)).items():
            if "config worker" in command:
                os.kill(pid, signal.SIGKILL)
    assert shown(place, job)["status"] == "running"
    assert hand_out_again(before=clock.now()) >= 1
    assert ended(place, job)["status"] == "done"
    with tenant_transaction(place.environment.organization_id):
        assert Job.objects.within(place.environment).latest("id").attempts == 2


def test_a_job_that_takes_every_worker_with_it_is_given_up(place: Place) -> None:
    row = made(place, kind="audit_log.verification", status="running", attempts=MOST_ATTEMPTS)
    carry_out(row.organization_id, row.id)
    assert shown(place, row.public_id)["status"] == "failed"


def test_with_the_broker_away_a_job_is_accepted_and_handed_out_later(place: Place, tmp_path: Path) -> None:
    """A broker that takes connections and never answers is the worst kind of away."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        nowhere = {"LICET_BROKER_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}
        with control_plane(tmp_path, nowhere) as web:
            headers = {"Authorization": place.api.headers["Authorization"]}
            answer = httpx.post(f"{web.url}/v1/audit_log/verification", json={}, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    job = answer.json()["id"]
    assert shown(place, job)["status"] == "waiting"
    assert hand_out_again(before=clock.now()) >= 1
    assert ended(place, job)["status"] == "done"


def test_a_job_that_fails_says_so(place: Place) -> None:
    row = made(place, kind="no.such")
    hand_out(row)
    job = ended(place, row.public_id)
    assert (job["status"], job["result"]) == ("failed", None)


def test_a_job_that_has_ended_is_left_alone(place: Place) -> None:
    row = made(place, kind="audit_log.verification", status="done", result={"intact": True})
    carry_out(row.organization_id, row.id)
    assert shown(place, row.public_id)["started_at"] is None


def test_what_another_worker_carries_out_is_left_to_it(place: Place) -> None:
    row = made(place, kind="audit_log.verification")
    lock = [int.from_bytes(row.id.bytes[8:], signed=True)]
    with administrator() as worker:
        worker.execute("SELECT pg_advisory_lock(%s)", lock)
        carry_out(row.organization_id, row.id)
        assert shown(place, row.public_id)["status"] == "waiting"
        worker.execute("SELECT pg_advisory_unlock(%s)", lock)
        hand_out(row)
    assert ended(place, row.public_id)["status"] == "done"


def test_another_environments_jobs_are_not_shown(place: Place) -> None:
    job = place.post("audit_log/verification", status=202)["id"]
    live = place.api.get("/v1/environments?kind=live").json()["data"][0]["id"]
    assert live != place.document["environment"]
    assert [row["id"] for row in place.api.get("/v1/jobs").json()["data"]] == [job]


def test_a_job_that_nobody_has_begun_is_the_one_that_is_asked_for_again(place: Place) -> None:
    waiting = made(place, kind="audit_log.verification")
    assert place.post("audit_log/verification", status=202)["id"] == waiting.public_id
    hand_out(waiting)
    assert ended(place, waiting.public_id)["status"] == "done"
    assert place.post("audit_log/verification", status=202)["id"] != waiting.public_id
