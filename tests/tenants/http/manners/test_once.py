"""Idempotency-Key: one effect and one answer, however often, at once, and across a restart."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tenants import clock
from tenants.actions.idempotency import KEPT, forget_answers
from tenants.models import IdempotentAnswer
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.running.nodes import control_plane

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def customers(place: Place) -> list[str]:
    return [one["id"] for one in place.api.get("/v1/customers?limit=100").json()["data"]]


def test_the_same_post_is_answered_with_the_stored_answer(place: Place) -> None:
    body = {"name": "Once", "metadata": {"a": 1, "b": 2}}
    first = place.api.post("/v1/customers", json=body, headers=KEY)
    again = place.api.post("/v1/customers", json={"metadata": {"b": 2, "a": 1}, "name": "Once"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    for header in ("Location", "Licet-Revision", "ETag"):
        assert again.headers[header] == first.headers[header]
    assert len(customers(place)) == 2  # the sample, and this one


def test_a_secret_is_shown_again_to_who_repeats_the_request(place: Place) -> None:
    body = {"license": place.sample["license"]}
    first = place.api.post("/v1/keys", json=body, headers=KEY).json()
    again = place.api.post("/v1/keys", json=body, headers=KEY).json()
    assert again["secret"] == first["secret"]
    assert place.verify_until("VALID", key=first["secret"])["key"]["id"] == first["id"]


@pytest.mark.parametrize("path", ["customers", "products"])
def test_another_request_under_the_same_key_is_422_and_changes_nothing(place: Place, path: str) -> None:
    place.api.post("/v1/customers", json={"name": "Once"}, headers=KEY).raise_for_status()
    before = customers(place)
    body = {"name": "Other"} if path == "customers" else {"name": "Other", "code": "x"}
    answer = place.api.post(f"/v1/{path}", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert customers(place) == before


def test_ten_at_once_make_one_object(place: Place) -> None:
    def ask(_: int) -> httpx.Response:
        return place.api.post("/v1/customers", json={"name": "At once"}, headers=KEY)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert refused <= {"idempotency_key_in_use"}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(customers(place)) == 2


def test_a_refused_request_may_be_put_right_under_the_same_key(place: Place) -> None:
    wrong = place.api.post("/v1/customers", json={"name": ""}, headers=KEY)
    taken = place.api.post("/v1/customers", json={"name": "x", "external_id": "sample"}, headers=KEY)
    right = place.api.post("/v1/customers", json={"name": "x", "external_id": "free"}, headers=KEY)
    assert [answer.status_code for answer in (wrong, taken, right)] == [400, 409, 201]


def test_keys_are_apart_by_caller_and_by_tenant(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    body = {"name": "Sub", "scopes": ["verify"]}
    first = mine.api.post("/v1/secret_keys", json=body, headers=KEY).json()
    theirs = others.api.post("/v1/secret_keys", json=body, headers=KEY).json()
    assert first["id"] != theirs["id"]
    lesser = mine.post("secret_keys", {"name": "Lesser", "scopes": ["secret_keys:write", "verify"]})["secret"]
    told = mine.api.post("/v1/secret_keys", json=body, headers={**KEY, "Authorization": f"Bearer {lesser}"})
    assert told.status_code == 201
    assert first["secret"] not in told.text


@pytest.mark.parametrize("key", ["", "ü", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(place: Place, key: str) -> None:
    answer = place.api.post("/v1/customers", json={"name": "x"}, headers={b"Idempotency-Key": key.encode()})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"


def test_the_answer_is_the_same_after_a_restart(place: Place, tmp_path: Path) -> None:
    """Another process, which has nothing of the first one's memory."""
    first = place.api.post("/v1/keys", json={"license": place.sample["license"]}, headers=KEY)
    with control_plane(tmp_path) as other:
        again = httpx.post(
            f"{other.url}/v1/keys",
            json={"license": place.sample["license"]},
            headers={**KEY, "Authorization": place.api.headers["Authorization"]},
            timeout=20,
        )
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content


def test_the_stored_answer_is_unreadable_in_a_dump(place: Place) -> None:
    made = place.api.post("/v1/keys", json={"license": place.sample["license"]}, headers=KEY).json()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(f"SET LOCAL app.organization TO '{place.environment.organization_id}'")
        rows = owner.execute("SELECT row_to_json(t)::text, sealed FROM idempotent_answers t").fetchall()
    assert len(rows) == 1
    for text, sealed in rows:
        for secret in (made["secret"], made["id"], place.sample["license"], KEY["Idempotency-Key"]):
            assert secret not in text
            assert secret.encode() not in sealed


def test_an_answer_is_forgotten_after_a_day(place: Place) -> None:
    assert timedelta(hours=24) == KEPT
    place.api.post("/v1/customers", json={"name": "Once"}, headers=KEY).raise_for_status()
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        old = clock.now() - KEPT - timedelta(seconds=1)
        IdempotentAnswer.objects.of_organization(organization).update(created_at=old)
    anew = place.api.post("/v1/customers", json={"name": "Another"}, headers=KEY)
    assert anew.status_code == 201
    forget_answers(before=clock.now())
    with tenant_transaction(organization):
        assert not IdempotentAnswer.objects.of_organization(organization).exists()


def test_a_web_process_killed_after_the_effect_has_remembered_its_answer(place: Place, tmp_path: Path) -> None:
    """Effect and answer are one transaction: whichever moment it dies at, a retry makes no second object."""
    with (
        control_plane(tmp_path, {"LICET_FAILPOINTS": "outbox.after_commit=kill"}) as doomed,
        pytest.raises(httpx.TransportError),
    ):
        httpx.post(
            f"{doomed.url}/v1/customers",
            json={"name": "Killed"},
            headers={**KEY, "Authorization": place.api.headers["Authorization"]},
            timeout=20,
        )
    again = place.api.post("/v1/customers", json={"name": "Killed"}, headers=KEY)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert len(customers(place)) == 2
