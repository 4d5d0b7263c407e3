"""One Stripe account, in one mode: its objects, its events, its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from threading import RLock
from typing import Any

from tests.stripe_simulator.clock import Clock
from tests.stripe_simulator.refusals import StripeRefusal, missing
from tests.stripe_simulator.sdk_types import API_VERSION, completed, misfits, object_shape

Object = dict[str, Any]

DAY = 86_400
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

INCLUDABLE: dict[tuple[str, str], Callable[[Account, Object], Any]] = {}
"""Fields that Stripe shows only if `expand` asks: (object, field) to what they hold."""


def copied(value: Any) -> Any:
    """A deep copy of what is JSON; `copy.deepcopy` takes three times as long."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


@dataclass
class Dunning:
    """What the account's billing settings say."""

    retry_days: tuple[int, ...] = (3, 5, 7)
    """Days from each failed attempt to the next; then `finally_` happens."""
    finally_: str = "cancel"
    """Or `unpaid`, or `past_due`: leave it as it is."""
    overdue_days: int = 30
    """How long after its due date a sent invoice may stay open, before `finally_`."""
    upcoming_days: int = 7
    """How long before a renewal `invoice.upcoming` is told."""


class Account:
    """What a key opens. Every mode of an account at Stripe is one of these."""

    def __init__(self, *, livemode: bool, now: int, lock: RLock, random: Random, permissions: dict[str, str]) -> None:
        self.livemode = livemode
        self.lock = lock
        self.permissions = permissions
        self.dunning = Dunning()
        self.tables: dict[str, dict[str, Object]] = {}
        self.private: dict[str, dict[str, Any]] = {}
        self.fictions: list[str] = []
        self.rejected_usage: list[Object] = []
        """Meter events that Stripe would find out about later, with the reason."""
        self.told: Callable[[Account, Object], None] = lambda _account, _event: None
        self.next_moment: Callable[[Account, Object], int | None] = lambda _account, _object: None
        self.wake: Callable[[Account, str, int], None] = lambda _account, _id, _now: None
        self.request: Object = {"id": None, "idempotency_key": None}
        self._random = random
        self.id = self.new_id("acct", 16)
        self.api_key = self.new_id("rk_live" if livemode else "rk_test", 32)
        self.clock = Clock(now, lock, self._woken)
        self.clocks: dict[str, Clock] = {}

    def _woken(self, object_id: str, now: int) -> None:
        request, self.request = self.request, {"id": None, "idempotency_key": None}
        try:
            self.wake(self, object_id, now)
        finally:
            self.request = request

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{''.join(self._random.choices(_LETTERS, k=length))}"

    def new_clock(self, clock_id: str, now: int) -> Clock:
        self.clocks[clock_id] = Clock(now, self.lock, self._woken)
        return self.clocks[clock_id]

    # Objects

    def all(self, name: str) -> list[Object]:
        """Oldest first."""
        return list(self.tables.get(name, {}).values())

    def find(self, name: str, object_id: str, param: str | None = None) -> Object:
        """404 if it is not there; 400 if `param` named it."""
        found = self.tables.get(name, {}).get(object_id)
        if found is None:
            noun = name.rpartition(".")[2].replace("_", " ")
            raise missing(noun, object_id, param or "id", status=400 if param else 404)
        return found

    def insert(self, name: str, prefix: str, event: str | None = None, /, **fields: Any) -> Object:
        """A new object, whole as Stripe shows it; `event` is told."""
        shape = object_shape(name)
        object_id = fields.pop("id", None) or self.new_id(prefix)
        if object_id in self.tables.get(name, {}):
            message = f"{name.capitalize()} already exists."
            raise StripeRefusal(400, message, code="resource_already_exists", param="id")
        given = {"id": object_id, "object": name, **fields}
        if "livemode" in shape.members:
            given["livemode"] = self.livemode
        if "created" in shape.members and "created" not in given:
            given["created"] = self.clock_of(given).now
        if "metadata" in shape.members:
            given.setdefault("metadata", {})
        absent = frozenset(field for of, field in INCLUDABLE if of == name)
        made = completed(shape, given, absent)
        self.tables.setdefault(name, {})[object_id] = made
        self.private.setdefault(object_id, {})
        self.plan(made)
        if event:
            self.tell(event, made)
        return made

    @contextmanager
    def changing(self, target: Object, event: str | None = None) -> Iterator[Object]:
        """Tells `event` with what was there before, if anything has changed at the end."""
        before = copied(target)
        yield target
        if target == before:
            return
        self.plan(target)
        if event:
            self.tell(event, target, _previous(before, target))

    def plan(self, target: Object) -> None:
        """Has it woken when something is next due of it."""
        moment = self.next_moment(self, target)
        if moment is not None:
            self.clock_of(target).plan(moment, target["id"])

    def clock_of(self, target: Object) -> Clock:
        """The test clock of its customer, or else the account's own."""
        clock_id = target.get("test_clock")
        customer_id = target.get("customer")
        if clock_id is None and isinstance(customer_id, str):
            customer = self.tables.get("customer", {}).get(customer_id)
            clock_id = customer.get("test_clock") if customer else None
        return self.clocks.get(clock_id, self.clock) if clock_id else self.clock

    # Events

    def tell(self, kind: str, target: Object, previous: Object | None = None) -> None:
        """An event: what the object is now, and what it was if it changed."""
        data = {"object": copied(target)} | ({"previous_attributes": previous} if previous is not None else {})
        event = self.insert(
            "event",
            "evt",
            api_version=API_VERSION,
            created=self.clock_of(target).now,
            data=data,
            pending_webhooks=0,
            request=dict(self.request),
            type=kind,
        )
        del event["account"], event["context"]  # of connected accounts and organizations only
        event["data"] = data  # null would be said for previous_attributes, which is there for changes only
        self.fictions += misfits(object_shape("event"), event, kind)
        self.fictions += misfits(object_shape(target["object"]), target, f"{kind}.data.object")
        self.told(self, event)


def _previous(before: Object, after: Object) -> Object:
    """As Stripe shows it: changed fields with their old values; of objects inside, the changed fields of those."""
    changed = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old != new:
            is_plain = isinstance(old, dict) and isinstance(new, dict) and "object" not in old
            changed[name] = _previous(old, new) if is_plain and old and new else old
    return changed
