"""Two tenants: with B's ids wherever an id can stand, A sees nothing of B and changes nothing of B."""

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from django.test import Client

from dashboard.management.routes import routes
from tenants import clock
from tenants.models import User
from tests.licensing.usage_rows import Call, fill
from tests.places import Place
from tests.tenants.test_row_level_security import TENANT_TABLES, WITHOUT_TENANT, act_for, tenant_column
from tests.tenants.test_write_routes import CASES
from verify.ground.ids import new

# What makes a list tell of whom it is, where by itself it shows sums alone.
TELLING = {"/v1/usage": {"group_by": "key,license,customer"}}
ID = re.compile(r"\b[a-z]{3,5}_[0-7][0-9a-hjkmnp-tv-z]{25}\b")


@pytest.fixture
def owner_email() -> str:
    """Nobody belongs to both."""
    return ""


@dataclass
class Theirs:
    """Tenant B: a word that stands in everything it has, one id of each kind, a cursor of each list."""

    place: Place
    mark: str
    ids: dict[str, str]
    cursors: dict[str, str]

    def is_in(self, text: str, sent: str) -> list[str]:
        """What of B is in an answer, beyond what the request itself said."""
        of_b = {found for found in ID.findall(text) if found in self._known} - set(ID.findall(sent))
        return sorted(of_b) + ([self.mark] if self.mark in text else [])

    def __post_init__(self) -> None:
        self._known = set(self.ids.values())


@pytest.fixture
def mine(new_place: Callable[[], Place]) -> Place:
    return new_place()


@pytest.fixture
def theirs(new_place: Callable[[], Place]) -> Theirs:
    place, mark = new_place(), f"zebra{secrets.token_hex(6)}"
    product = place.post("products", {"code": mark, "name": mark})["id"]
    place.post("features", {"code": mark, "name": mark, "kind": "boolean"})
    place.post("meters", {"code": mark, "name": mark, "aggregation": "sum"})
    plan = place.post("plans", {"code": mark, "name": mark, "product": product})["id"]
    customer = place.post("customers", {"name": mark, "external_id": mark, "metadata": {"a": mark}})["id"]
    license_id = place.post("licenses", {"customer": customer, "plan": plan, "metadata": {"a": mark}})["id"]
    key = place.post("keys", {"license": license_id, "name": mark, "metadata": {"a": mark}})["id"]
    place.post("secret_keys", {"name": mark, "scopes": ["verify"]})
    place.post("environments", {"name": mark, "kind": "test"})
    place.post("invitations", {"email": f"{mark}@example.com", "role": "viewer"})
    place.post("audit_log/verification", status=202)
    place.sample["other_plan"] = plan
    sold = {"customer": customer, "license": license_id, "key": key}
    fill(place, [Call(clock.now(), subject=subject) for subject in ({}, sold)])
    until_settled(place)
    ids, cursors = {"org": place.document["organization"]}, {}
    for path in lists(place):
        page = place.api.get(path, params=TELLING.get(path, {}) | {"limit": 1}).json()
        for one in page["data"]:
            if "id" in one:
                ids[one["id"].split("_")[0]] = one["id"]
        if page["next_cursor"]:
            cursors[path] = page["next_cursor"]
    return Theirs(place, mark, ids, cursors)


def until_settled(place: Place) -> None:
    """Until what was committed has its place in the audit chain and among the events, and the job is done."""
    patience_ends = time.monotonic() + 60
    while True:
        waits = [one for one in place.api.get("/v1/audit_log?limit=100").json()["data"] if one["hash"] is None]
        jobs = {one["status"] for one in place.api.get("/v1/jobs").json()["data"]}
        if not waits and jobs == {"done"} and place.api.get("/v1/events?type=key.created").json()["data"]:
            return
        assert time.monotonic() < patience_ends, (waits, jobs)
        time.sleep(0.05)


def document(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get("/openapi.json").json()["paths"]
    return found


def lists(place: Place) -> list[str]:
    told = document(place).items()
    return [path for path, methods in told if methods.get("get", {}).get("operationId", "").startswith("list_")]


def state(place: Place) -> dict[str, str]:
    """A fingerprint of every row that the tenant has."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        tables = sorted({name for (name,) in owner.execute(TENANT_TABLES)} - WITHOUT_TENANT)
        organization = place.environment.organization_id
        act_for(owner, organization)
        found = {}
        for table in tables:
            row = owner.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t "
                f"WHERE {tenant_column(table)} = %s",
                [organization],
            ).fetchone()
            assert row
            found[table] = row[0]
        return found


def test_every_operation_with_anothers_ids_is_the_404_of_what_is_missing(mine: Place, theirs: Theirs) -> None:
    before = state(theirs.place)
    tried = 0
    for path, methods in document(mine).items():
        if "{id}" not in path:
            continue
        prefix = prefix_of(path, theirs)
        for method in methods:
            body = json_of(method, path, theirs.place)
            told = []
            for name in (theirs.ids[prefix], new(prefix)):
                answer = mine.api.request(method, path.replace("{id}", name), json=body)
                assert answer.status_code == 404, (method, path, answer.text)
                shown = answer.json()
                assert shown.pop("instance") == path.replace("{id}", name)
                shown.pop("request_id")
                told.append(shown)
                assert theirs.is_in(answer.text, name) == []
            assert told[0] == told[1], (method, path)
            tried += 1
    assert tried > 30
    assert state(theirs.place) == before


def test_a_body_that_refers_to_anothers_object_is_refused_like_one_that_refers_to_nothing(
    mine: Place, theirs: Theirs
) -> None:
    before = state(theirs.place)
    mine.sample["other_plan"] = mine.sample["plan"]
    own = own_ids(mine)
    for (method, path), case in CASES.items():
        body = case.body(theirs.place)
        referred = ID.findall(str(body))
        address = "/" + path.format(own.get(path.split("/")[1], ""))
        answer = mine.api.request(method, address, json=body if method != "delete" else None)
        sent = str(body) + address
        assert theirs.is_in(answer.text, sent) == [], (method, path)
        if referred:
            assert answer.status_code == 400, (method, path, answer.text)
            nothing = str_replaced(body, {name: new(name.split("_")[0]) for name in referred})
            missing = mine.api.request(method, address, json=nothing)
            assert missing.json()["errors"] == answer.json()["errors"]
    assert state(theirs.place) == before


def test_lists_with_anothers_ids_and_cursors_show_nothing_of_theirs(mine: Place, theirs: Theirs) -> None:
    before = state(theirs.place)
    for path, methods in document(mine).items():
        if "{" in path or "get" not in methods:
            continue
        names = [parameter["name"] for parameter in methods["get"].get("parameters", ()) if parameter["in"] == "query"]
        for name in set(names) - {"limit", "expand"}:
            for value in (*theirs.ids.values(), theirs.mark, theirs.cursors.get(path, "none")):
                answer = mine.api.get(path, params={name: value})
                assert answer.status_code in (200, 400), (path, name, answer.text)
                assert theirs.is_in(answer.text, value) == [], (path, name, value)
        if path in theirs.cursors:
            asked = TELLING.get(path, {}) | {"cursor": theirs.cursors[path]}
            assert mine.api.get(path, params=asked).status_code == 400
    assert state(theirs.place) == before


def test_every_page_with_anothers_ids_is_the_404_of_what_is_missing(mine: Place, theirs: Theirs) -> None:
    """As the owner of A, signed in: in A's environment with B's objects, and in B's own environment."""
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(User.objects.get(email=mine.document["login"]["email"]))
    before = state(theirs.place)
    tried = 0
    for path in page_paths():
        for environment in (mine.environment.public_id, theirs.place.environment.public_id):
            told = []
            for others in (theirs.ids, {prefix: new(prefix) for prefix in theirs.ids}):
                url = "/" + filled(path, environment, others)
                for method in (browser.get, browser.post):
                    answer = method(url)
                    text = answer.content.decode(errors="replace")
                    assert theirs.is_in(text, url) == [], url
                    told.append((answer.status_code, plain(text)))
                if re.search(r"\{(?!env)\w+\}", path) or environment != mine.environment.public_id:
                    assert told[-1][0] in (403, 404, 405), (url, told[-1][0])
                    tried += 1
            assert told[0] == told[2], path
            assert told[1] == told[3], path
    assert tried >= 10
    assert state(theirs.place) == before


def page_paths() -> Iterator[str]:
    yield from sorted(
        {route.path for route in routes() if route.method == "PAGE" and re.search(r"\{\w+\}", route.path)}
    )


def filled(path: str, environment: str, others: dict[str, str]) -> str:
    def named(kind: re.Match[str]) -> str:
        return environment if kind.group(1) == "env" else others.get(kind.group(1), new(kind.group(1) or "x"))

    return re.sub(r"\{(\w*)\}", named, path)


def plain(text: str) -> str:
    """Without what differs from answer to answer anyhow: ids, tokens."""
    return re.sub(r'value="[^"]*"|content="[^"]*"', "", ID.sub("", text))


def prefix_of(path: str, theirs: Theirs) -> str:
    collection = "/".join(path.split("/")[:3])
    found = theirs.place.api.get(collection, params={"limit": 1}).json()["data"]
    prefix: str = found[0]["id"].split("_")[0]
    return prefix


def own_ids(place: Place) -> dict[str, str]:
    """An id of one's own in each collection."""
    found = {}
    for path in lists(place):
        data = place.api.get(path, params={"limit": 1}).json()["data"]
        if data and "id" in data[0]:
            found[path.split("/")[2]] = data[0]["id"]
    return found


def json_of(method: str, path: str, place: Place) -> Any:
    case = CASES.get((method, path.lstrip("/").replace("{id}", "{}")))
    return case.body(place) if case and method != "delete" else None


def str_replaced(body: Any, names: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {key: str_replaced(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [str_replaced(value, names) for value in body]
    return names.get(body, body) if isinstance(body, str) else body


def test_the_walk_itself_would_see_a_leak(theirs: Theirs) -> None:
    """With B's own secret key the same look finds B everywhere: the proof can fail."""
    api: httpx.Client = theirs.place.api
    for path in lists(theirs.place):
        assert theirs.is_in(api.get(path, params=TELLING.get(path, {})).text, "") != [], path
