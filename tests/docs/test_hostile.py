"""Hostile bodies, queries, paths and headers at every operation of both planes: refused as a problem, never a crash."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.docs import hostile
from tests.docs.bodies import Pool
from tests.docs.conformity import assert_conforms, assert_problem
from tests.docs.documents import Operation, operations
from tests.docs.hostile import thinned
from tests.places import Place

EVERY = [one for one in operations() if one.path.startswith("/v1/")]
WITH_BODY = [one for one in EVERY if one.body]
SECRETS = (
    *(
        None,
        b"",
        b"Bearer",
        b"Basic dTpw",
        b"Bearer \xff\xfe",
        b"Bearer " + b"a" * 7_000,
        b"Bearer lsk_test_",
        b"Bearer ,",
    ),
    *(b"Bearer lsk_test_lc" + b"0" * 36, "bearer Ⅷ".encode(), b"Bearer a\tb", b"Bearer demo_test_lc" + b"0" * 36),
)


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_the_smallest_and_the_largest_body_that_the_document_allows_are_taken(
    target: Place, pool: Pool, operation: Operation
) -> None:
    for whole in (False, True):
        body = pool.body(operation, whole=whole)
        answer = client(target, operation).request(operation.method, pool.path(operation), json=body)
        ended = "stripe_connection" in operation.path and answer.status_code == 404  # by another test
        assert answer.is_success or answer.status_code == 409 or ended, (body, answer.text)
        assert_told(operation, answer)


@pytest.mark.prove
@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_a_hostile_body_is_refused_as_a_problem(target: Place, pool: Pool, operation: Operation, scale: float) -> None:
    path, valid = pool.path(operation), pool.body(operation)
    attacks = (*hostile.bodies(operation, valid), *hostile.members(operation, valid))
    for attack in thinned(operation, attacks, scale):
        content = chunks(attack.content) if attack.chunked else attack.content
        answer = client(target, operation).request(operation.method, path, content=content, headers=attack.headers)
        assert not attack.refused or answer.is_client_error, (attack.name, answer.status_code, answer.text[:500])
        assert_told(operation, answer, attack.name)


@pytest.mark.prove
@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_a_hostile_query_is_refused_as_a_problem(target: Place, pool: Pool, operation: Operation, scale: float) -> None:
    body = pool.body(operation) if operation.body else None
    for query, refused in thinned(operation, hostile.queries(operation), scale):
        url = f"{pool.path(operation)}?{query}"
        answer = client(target, operation).request(operation.method, url, json=body)
        assert not refused or answer.is_client_error, (query[:80], answer.status_code, answer.text[:500])
        assert_told(operation, answer, query[:80])


@pytest.mark.prove
@pytest.mark.parametrize("operation", [one for one in EVERY if "{" in one.path], ids=str)
def test_whatever_is_no_id_here_is_not_found(target: Place, pool: Pool, operation: Operation, scale: float) -> None:
    for path in thinned(operation, hostile.paths(operation, pool.path(operation)), scale):
        answer = client(target, operation).request(operation.method, path)
        assert answer.status_code == 404, (path[:80], answer.text[:500])
        assert_problem(404, answer.headers, answer.content, str(answer.url))


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_who_is_not_known_is_told_so_before_anything_else(target: Place, pool: Pool, operation: Operation) -> None:
    with httpx.Client(base_url=client(target, operation).base_url, timeout=20) as stranger:
        for secret in SECRETS:
            headers = {"Authorization": secret} if secret is not None else {}
            answer = stranger.request(operation.method, pool.path(operation), content=b"{", headers=headers)  # type: ignore[arg-type]  # httpx takes bytes, its types do not
            assert answer.status_code == 401, (secret, answer.text[:500])
            assert_told(operation, answer)


@pytest.mark.parametrize("plane", ["management", "verify"])
def test_a_method_that_is_not_told_of_is_not_allowed(target: Place, pool: Pool, plane: str) -> None:
    mine = [one for one in operations() if one.plane == plane and one.path.startswith("/v1/")]
    for path in sorted({one.path for one in mine}):
        (operation, *_) = [one for one in mine if one.path == path]
        told = {one.method for one in mine if one.path == path}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - told:
            answer = client(target, operation).request(method, pool.path(operation))
            assert answer.status_code == 405, (method, path, answer.text[:500])
            assert_problem(405, answer.headers, answer.content, str(answer.url))
            assert set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == told, (method, path)


def client(target: Place, operation: Operation) -> httpx.Client:
    return target.api if operation.plane == "management" else target.verifier


def chunks(content: bytes) -> Iterator[bytes]:
    middle = len(content) // 2
    yield from (content[:middle], content[middle:])


def assert_told(operation: Operation, answer: httpx.Response, what: str = "") -> None:
    try:
        assert_conforms(operation, answer.status_code, answer.headers, answer.content, str(answer.url))
    except AssertionError as error:
        pytest.fail(f"{operation} {what}: {error}")
