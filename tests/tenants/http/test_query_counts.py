"""How many statements each endpoint needs, whatever the number of rows: a row that asks for one more is a fault."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.places import Place

ENOUGH = 5
# Who calls (1), their environment (2: the tenant, the row); then the tenant and the rows themselves.
AUTHENTICATION = 3
LISTS = {
    "products": 2,
    "features": 2,
    "meters": 2,
    "plans": 3,  # and the terms of all of them
    "plans?expand=product": 4,
    "customers": 2,
    "licenses": 2,
    "licenses?status=active": 2,
    "licenses?expand=customer,plan": 5,  # customers, plans, their terms
    "keys": 3,  # and when each was last used
    "keys?expand=license": 4,
    "secret_keys": 2,
    "environments": 2,
    "events": 2,
    "jobs": 2,
    "audit_log": 3,  # and the links of all of them
    "members": 2,
    "invitations": 2,
    "usage": 3,  # and which meters there are
    "usage?group_by=key,feature&window=day": 3,
}
READS = {"plans": 3, "keys": 3, "audit_log": 3}  # the others need 2
CHANGES = {
    # In the one transaction: the tenant, a savepoint around the action, the row's lock, its revision, the write, the
    # outbox entry, the audit entry (and an event), the row as it is shown. Then publishing on the sweep connection.
    "customers": {"name": "Other"},
    "licenses": {"quantity": 9},
    "keys": {"name": "Other"},
}


@pytest.fixture
def caller(place: Place) -> Client:
    return Client(headers={"host": "127.0.0.1", "authorization": place.api.headers["Authorization"]})


def asked(caller: Client, method: str, path: str, body: Any = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = caller.generic(method, f"/v1/{path}", *([] if body is None else [body, "application/json"]))
    assert answer.status_code in (200, 201), (path, answer.content)
    return len([query for query in captured.captured_queries if _is_statement(query["sql"])])


def _is_statement(text: str) -> bool:
    return not text.startswith(("BEGIN", "COMMIT", "ROLLBACK"))


def many(place: Place) -> None:
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    for number in range(ENOUGH):
        code = f"c{number}"
        place.post("products", {"code": code, "name": code})
        place.post("features", {"code": code, "name": code, "kind": "boolean"})
        place.post("meters", {"code": code, "name": code, "aggregation": "sum"})
        plan = place.post("plans", {"code": code, "name": code, "product": product})["id"]
        customer = place.post("customers", {"name": code})["id"]
        sold = place.post("licenses", {"customer": customer, "plan": plan})["id"]
        place.post("keys", {"license": sold})
        place.post("secret_keys", {"name": code, "scopes": ["verify"]})


def test_a_list_needs_as_many_statements_for_many_rows_as_for_one(place: Place, caller: Client) -> None:
    served = {path: wanted for path, wanted in LISTS.items() if place.api.get(f"/v1/{path}").status_code == 200}
    few = {path: asked(caller, "GET", path) - AUTHENTICATION for path in served}
    many(place)
    assert {path: asked(caller, "GET", path) - AUTHENTICATION for path in served} == few == served


def test_a_read_needs_the_tenant_and_the_row(place: Place, caller: Client) -> None:
    many(place)
    for resource in (path for path in LISTS if "?" not in path):
        data = place.api.get(f"/v1/{resource}").json().get("data")
        if data and "id" in data[0]:
            counted = asked(caller, "GET", f"{resource}/{data[0]['id']}") - AUTHENTICATION
            assert counted == READS.get(resource, 2), resource


@pytest.mark.parametrize("resource", CHANGES)
def test_a_change_needs_as_many_statements_however_much_there_is(place: Place, caller: Client, resource: str) -> None:
    many(place)
    one = place.api.get(f"/v1/{resource}").json()["data"][0]["id"]
    counted = asked(caller, "PATCH", f"{resource}/{one}", json.dumps(CHANGES[resource])) - AUTHENTICATION
    assert counted == {"customers": 13, "licenses": 15, "keys": 14}[resource]  # a license's: its seats, too
