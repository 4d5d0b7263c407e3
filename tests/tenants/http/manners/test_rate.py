"""How often a secret key may ask the management API, on all web processes together."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.places import Place
from tests.running.clients import plain_client
from tests.running.nodes import Node, control_plane

PER_SECOND = 10
PATIENCE_SECONDS = 30


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    slow = {"LICET_API_RATE_PER_SECOND": str(PER_SECOND)}
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    with control_plane(folders[0], slow) as one, control_plane(folders[1], slow) as other:
        yield one, other


def test_over_the_limit_is_429_which_says_when_to_come_again(place: Place, two_processes: tuple[Node, Node]) -> None:
    headers = {"Authorization": place.api.headers["Authorization"]}
    clients = [plain_client(node.url, headers=headers, timeout=20) for node in two_processes]

    def ask(number: int) -> httpx.Response:
        return clients[number % 2].get("/v1/products")

    answers: list[httpx.Response] = []
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        while all(answer.status_code == 200 for answer in answers) and time.monotonic() - began < PATIENCE_SECONDS:
            answers += pool.map(ask, range(60))  # again where a busy machine asks no faster than it may
    took = time.monotonic() - began
    for client in clients:
        client.close()
    admitted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(admitted) + len(refused) == len(answers)
    assert refused
    # A bucket of one second's calls, filled at the rate: never more than that, and no fewer than it holds.
    assert PER_SECOND <= len(admitted) <= PER_SECOND + took * PER_SECOND + 1
    for answer in refused:
        assert answer.json()["code"] == "throttled"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["RateLimit"].startswith('"api";r=0;t=')
    for answer in admitted:
        assert answer.headers["RateLimit-Policy"] == f'"api";q={PER_SECOND};w=1'
        assert answer.headers["RateLimit"].startswith('"api";r=')


def test_one_secret_key_does_not_use_up_anothers(place: Place, two_processes: tuple[Node, Node]) -> None:
    url = f"{two_processes[0].url}/v1/products"
    other = place.post("secret_keys", {"name": "Other", "scopes": ["products:read"]})["secret"]
    mine = {"Authorization": place.api.headers["Authorization"]}
    with httpx.Client(headers=mine, timeout=20) as client:
        while client.get(url).status_code != 429:
            pass
    assert httpx.get(url, headers={"Authorization": f"Bearer {other}"}, timeout=20).status_code == 200


def test_the_api_works_without_redis(place: Place, tmp_path: Path) -> None:
    """Nothing is sold by this limit: it is open when Redis is away, and says so in a counter."""
    nowhere = {"REDIS_URL": "redis://127.0.0.1:9/0", "LICET_API_RATE_PER_SECOND": "1"}
    headers = {"Authorization": place.api.headers["Authorization"]}
    with control_plane(tmp_path, nowhere) as alone:
        answers = [httpx.get(f"{alone.url}/v1/products", headers=headers, timeout=20) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit" not in answers[0].headers
        assert alone.counter("licet_api_unlimited_requests_total") == 5
