"""The queue of deliveries: filtered per endpoint, signed when sent, sent again with back-off."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import RLock
from typing import Any

import urllib3

from tests.stripe_simulator.account import Account, Object, copied
from tests.stripe_simulator.webhooks.faults import DeliveryFaults
from tests.stripe_simulator.webhooks.signing import signature

HOUR = 3600
BACK_OFF = {  # seconds after each failed attempt; then Stripe gives up
    False: (HOUR, 4 * HOUR),
    True: (300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR),  # three days in all
}
SECONDS = 20.0
MOST_DONE = 1000
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


@dataclass(frozen=True)
class Sent:
    """What went over the wire."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(eq=False)
class Delivery:
    """One event on its way to one endpoint."""

    number: int
    account: Account
    event: Object
    endpoint_id: str
    due_at: int
    copy_of: int | None = None
    statuses: list[int] = field(default_factory=list)
    """What the endpoint answered, in order; 0 where no answer came."""
    sent: Sent | None = None
    """The last attempt, as it went out."""

    @property
    def is_delivered(self) -> bool:
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300


class Deliveries:
    """All that is on its way from one simulator. Nothing is sent under its lock."""

    def __init__(self, lock: RLock, faults: DeliveryFaults, signs_at: Callable[[], int]) -> None:
        self.faults = faults
        """Of every account that has none of its own."""
        self._own_faults: dict[str, DeliveryFaults] = {}
        self.signs_at = signs_at
        self.carries: Callable[[Sent], int] = self.post
        """Who takes it there and says what was answered; a test whose time is injected carries it itself."""
        self.done: deque[Delivery] = deque(maxlen=MOST_DONE)
        """Delivered or given up, the newest last."""
        self._lock = lock
        self._waiting: dict[int, Delivery] = {}
        self._numbers = itertools.count(1)
        self._pool = urllib3.PoolManager(retries=False, timeout=SECONDS, maxsize=32)

    def close(self) -> None:
        self._pool.clear()

    def faults_of(self, account: Account) -> DeliveryFaults:
        """Its own, from the first time that somebody asks for them."""
        return self._own_faults.setdefault(account.id, DeliveryFaults(Random(self.faults.random.random())))

    def take(self, account: Account, event: Object) -> None:
        """Puts a new event on its way to every endpoint that wants it."""
        for endpoint in account.all("webhook_endpoint"):
            wanted = endpoint["enabled_events"]
            if endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
                event["pending_webhooks"] += 1
                now, first = account.clock.now, None
                for due_at in self._faults(account).arrivals(now):
                    made = Delivery(next(self._numbers), account, event, endpoint["id"], due_at, first)
                    first = first or made.number
                    self._waiting[made.number] = made

    def waiting(self) -> list[Delivery]:
        """In the order in which they are due."""
        with self._lock:
            return sorted(self._waiting.values(), key=lambda each: (each.due_at, each.number))

    def due(self, account: Account | None = None) -> list[Delivery]:
        found = [each for each in self.waiting() if each.due_at <= each.account.clock.now]
        return [each for each in found if account in (None, each.account)]

    def _faults(self, account: Account | None) -> DeliveryFaults:
        return self._own_faults.get(account.id, self.faults) if account else self.faults

    def deliver(self, most: int | None = None, *, of: Account | None = None, at_once: int = 1) -> list[Delivery]:
        """Sends what is due (`of` one account), or the first `most` of it, each once; what fails is due again later.
        In this thread, one after the other, unless `at_once` says how many together."""
        chosen = self._faults(of).mixed(self.due(of))[:most]
        if at_once == 1:
            for each in chosen:
                self._attempt(each)
        else:
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(self._attempt, chosen))
        return chosen

    def _attempt(self, delivery: Delivery) -> None:
        self._disturb(delivery)
        self.send(delivery)

    def _disturb(self, delivery: Delivery) -> None:
        endpoint, account = self._endpoint(delivery), delivery.account
        if endpoint is None:
            return
        faults = self._faults(account)
        if faults.strikes("forged"):
            self.post(self.sealed(account, delivery.event, endpoint, secrets=["whsec_forged"]))
        if faults.strikes("foreign"):
            changes = {"livemode": not account.livemode, "account": "acct_foreign"}
            self.post(self.sealed(account, delivery.event, endpoint, changes=changes))

    def send(self, delivery: Delivery) -> int:
        """One attempt now, due or not; returns the status."""
        account, endpoint = delivery.account, self._endpoint(delivery)
        delivery.sent = None if endpoint is None else self.sealed(account, delivery.event, endpoint)
        status = 0 if delivery.sent is None else self.carries(delivery.sent)
        with self._lock:
            delivery.statuses.append(status)
            pauses = BACK_OFF[account.livemode]
            if delivery.is_delivered or endpoint is None or len(delivery.statuses) > len(pauses):
                self._finish(delivery)
            else:
                delivery.due_at = account.clock.now + pauses[len(delivery.statuses) - 1]
        return status

    def _finish(self, delivery: Delivery) -> None:
        if self._waiting.pop(delivery.number, None) is not None:
            self.done.append(delivery)
            if delivery.copy_of is None and delivery.is_delivered:
                delivery.event["pending_webhooks"] -= 1

    def _endpoint(self, delivery: Delivery) -> Object | None:
        """None if it is gone or disabled: nothing is sent to it any more."""
        with self._lock:
            found = delivery.account.tables.get("webhook_endpoint", {}).get(delivery.endpoint_id)
            return dict(found) if found is not None and found["status"] == "enabled" else None

    def sealed(
        self,
        account: Account,
        event: Object,
        endpoint: Object,
        *,
        changes: dict[str, Any] | None = None,
        secrets: list[str] | None = None,
        signed_at: int | None = None,
    ) -> Sent:
        """Rendered and signed; `changes` are to the event (`livemode`, `account`)."""
        with self._lock:
            shown = copied(event) | {"api_version": endpoint["api_version"] or event["api_version"]}
            held = account.private[endpoint["id"]]["secrets"]
            now = account.clock.now
        body = json.dumps(shown | (changes or {}), indent=2).encode()
        valid = [each["secret"] for each in held if each["until"] is None or each["until"] > now]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Stripe-Signature": signature(body, secrets or valid, signed_at or self.signs_at()),
        }
        return Sent(endpoint["url"], body, headers)

    def post(self, sent: Sent) -> int:
        """No answer within 20 s, or none at all, is a failed attempt like any other: it is made again after a while."""
        try:
            answer = self._pool.request("POST", sent.url, body=sent.body, headers=sent.headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return 0
        return int(answer.status)
