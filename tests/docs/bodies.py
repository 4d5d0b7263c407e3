"""Bodies that the documents allow, made from their schemas and from the ids of objects that are really there."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx

from tests.docs.documents import Operation, operations, resolved
from tests.running.clients import plain_client

if TYPE_CHECKING:
    from tests.places import Place

ID = re.compile(r"([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}")
OF_IDS = re.compile(r"\^([a-z]+)_\[0-7\]")
SOON = datetime(2100, 1, 1, tzinfo=UTC)

# What a schema does not say of a member: which texts mean something.
MEANT: dict[tuple[str, str], Any] = {
    ("create_secret_key", "scopes"): ["verify"],
    ("create_invitation", "role"): "viewer",
    ("change_member", "role"): "viewer",
    ("change_secret_key", "scopes"): ["verify"],
    ("create_license", "starts_at"): "2026-01-01T00:00:00Z",
    ("import_keys", "last4"): "a1B2",
    ("create_stripe_connection", "webhook_secret"): "whsec_sample1234",
    ("change_stripe_connection", "webhook_secret"): "whsec_sample1234",
    ("create_stripe_connection_resync", "customer"): "cus_sample",
}
CONNECTS = ("create_stripe_connection", "change_stripe_connection")


class Pool:
    """Ids of one tenant's objects by their prefix, without those that its own credentials hang on."""

    def __init__(self, place: Place) -> None:
        self._place, self._numbers = place, count(1)
        self._kept = {place.document["environment"], place.document["organization"], self._own_secret_key()}
        self.ids: dict[str, list[str]] = defaultdict(list)
        self.refill()

    def refill(self) -> None:
        """Newest first, as lists are; what is missing is made once."""
        self.ids.clear()
        # A connection of its own: one that idled while cases went over another may be closed as it is used again.
        with plain_client(str(self._place.api.base_url), headers=self._place.api.headers) as api:
            self._fill(api)

    def _fill(self, api: httpx.Client) -> None:
        mine = [one for one in operations() if one.plane == "management"]
        listings = [one.path for one in mine if one.told["operationId"].startswith("list_")]
        empty = [path for path in listings if not self._take(api.get(path).json().get("data", []))]
        for one in mine:
            if (one.method, one.path) in {("POST", path) for path in empty}:
                self._take([api.post(one.path, json=self.body(one)).json()])
            elif one.method == "POST" and "{" not in one.path and one.body is None:  # it starts a job
                self._take([api.post(one.path).json()])

    def _take(self, rows: list[dict[str, Any]]) -> list[str]:
        found = [row["id"] for row in rows if "id" in row and row["id"] not in self._kept]
        for name in found:
            self.ids[name.partition("_")[0]].append(name)
        return found

    def aimed(self, value: Any) -> Any:
        """`value` with most of the ids in it turned into real ones, always the same for the same value."""
        if isinstance(value, dict):
            return {name: self.aimed(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.aimed(item) for item in value]
        found = ID.fullmatch(value) if isinstance(value, str) else None
        known = self.ids.get(found[1]) if found else None
        if found is None or not known:
            return value
        number = zlib.crc32(value.encode())
        return value if number % 4 == 0 else known[number % len(known)]

    def path(self, operation: Operation) -> str:
        """Its address, with real ids."""
        named = {
            one["name"]: self.sample(operation, one["schema"], one["name"]) for one in operation.parameters("path")
        }
        return operation.path.format(**named)

    def body(self, operation: Operation, *, whole: bool = False) -> Any:
        """The smallest body that it takes, or one with every member."""
        assert operation.body is not None
        return self.sample(operation, operation.body, "", whole=whole)

    def sample(self, operation: Operation, schema: dict[str, Any], name: str, *, whole: bool = False) -> Any:
        """A value of that schema; `name` is the member's."""
        schema = resolved(operation.plane, schema)
        own = self._place.sample
        meant = MEANT | {("verify", "key"): own["key_secret"]}
        meant |= {(act, "api_key"): own.get("stripe_key", "rk_test_nobody1234567890") for act in CONNECTS}
        if (str(operation), name) in meant:
            return meant[str(operation), name]
        kind = schema.get("type", "object")
        match kind[0] if isinstance(kind, list) else kind:
            case "object":
                return self._object(operation, schema, whole=whole)
            case "array":
                items = schema.get("items", {})
                return [self.sample(operation, items, "", whole=whole) for _ in range(schema.get("minItems", 0))]
            case "string":
                return self._text(schema)
            case "boolean":
                return True
        return schema.get("minimum", 1)

    def _object(self, operation: Operation, schema: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        """Where one of several must be given, the first."""
        members = schema.get("properties", {})
        (first, *others) = [set(choice["required"]) for choice in schema.get("oneOf", [{"required": []}])]
        wanted = set(members) - set().union(*others) if whole else {*schema.get("required", ()), *first}
        return {
            member: self.sample(operation, told, member, whole=whole)
            for member, told in members.items()
            if member in wanted
        }

    def _text(self, schema: dict[str, Any]) -> str:
        number = next(self._numbers)
        of_ids = OF_IDS.match(schema.get("pattern", ""))
        if of_ids:
            return self.ids[of_ids[1]][0] if self.ids[of_ids[1]] else f"{of_ids[1]}_{'0' * 26}"
        by_format = {
            "date-time": (SOON + timedelta(days=number)).isoformat().replace("+00:00", "Z"),
            "email": f"sample{number}@example.com",
            "uri": f"https://example.com/{number}",
            "ipv4": "192.0.2.1",
        }
        if "{64}" in schema.get("pattern", ""):
            return hashlib.sha256(str(number).encode()).hexdigest()
        form = schema.get("format") or schema.get("anyOf", [{}])[0].get("format", "")
        plain = by_format.get(form, f"sample{number}")
        return str(schema["enum"][0] if "enum" in schema else plain)[: schema.get("maxLength")]

    def _own_secret_key(self) -> str:
        last4 = self._place.document["secret_key"][-4:]
        rows = self._place.api.get("/v1/secret_keys").json()["data"]
        (own,) = [row["id"] for row in rows if row["last4"] == last4]
        return str(own)
