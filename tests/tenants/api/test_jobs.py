"""A job is shown to who has the permission of its kind: what became of the audit log, to who may read that."""

from typing import Any

import httpx
import pytest

from tests.places import Place

READ, WRITE = "organization:read", "organization:write"


def asked(place: Place, path: str, scopes: list[str]) -> Any:
    """As a secret key with exactly these scopes is answered."""
    secret = place.post("secret_keys", {"name": "Caller", "scopes": scopes})["secret"]
    return httpx.get(f"{place.api.base_url}{path}", headers={"Authorization": f"Bearer {secret}"}, timeout=20)


@pytest.fixture
def address(place: Place) -> str:
    """Where a verification of the audit log that was asked for is told of."""
    return place.api.post("/v1/audit_log/verification", json={}).raise_for_status().headers["Location"]


@pytest.mark.parametrize("scopes", [[READ, WRITE], [READ], ["*", READ]])
def test_a_verification_is_shown_to_who_may_read_the_audit_log(place: Place, address: str, scopes: list[str]) -> None:
    job = asked(place, address, scopes)
    assert (job.status_code, job.json()["kind"]) == (200, "audit_log.verification")
    assert [row["id"] for row in asked(place, "/v1/jobs", scopes).json()["data"]] == [job.json()["id"]]


@pytest.mark.parametrize("scopes", [["*"], ["jobs:read"]])
def test_to_whoever_may_not_there_is_no_such_job(place: Place, address: str, scopes: list[str]) -> None:
    assert asked(place, address, scopes).status_code == 404
    assert asked(place, "/v1/jobs", scopes).json()["data"] == []


def test_whoever_may_see_no_kind_is_refused(place: Place, address: str) -> None:
    assert [asked(place, path, ["verify"]).status_code for path in (address, "/v1/jobs")] == [403, 403]
