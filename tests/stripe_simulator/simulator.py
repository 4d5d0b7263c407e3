"""The simulator: its accounts, its server, its post."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from threading import Event, RLock, Thread

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api.faults import ApiFaults, check_route
from tests.stripe_simulator.api.once import Answered
from tests.stripe_simulator.api.permissions import EVERYTHING
from tests.stripe_simulator.api.server import Server
from tests.stripe_simulator.people import People
from tests.stripe_simulator.resources import agenda
from tests.stripe_simulator.webhooks.deliveries import Deliveries, Delivery
from tests.stripe_simulator.webhooks.faults import DeliveryFaults


class StripeAccount(Account):
    """An account with those who act on it without our API: its owner in Stripe's dashboard, customers, banks."""

    @property
    def people(self) -> People:
        return People(self)


class Simulator:
    """A Stripe of one's own on 127.0.0.1. Everything random in it comes from the seed."""

    def __init__(
        self, *, port: int = 0, seed: int = 0, start: int | None = None, signs_at: Callable[[], int] | None = None
    ) -> None:
        self.lock = RLock()
        self.start_at = int(time.time()) if start is None else start
        self.accounts: dict[str, StripeAccount] = {}
        self.by_key: dict[str, Account] = {}
        self.expired_keys: set[str] = set()
        self.answered: dict[str, Answered] = {}
        self.fictions: list[str] = []
        """What the real Stripe could not have said, or what the simulator cannot do. A test ends with none."""
        self.faults: ApiFaults = ApiFaults(Random(seed))
        self.webhooks: Deliveries = Deliveries(
            self.lock, DeliveryFaults(Random(seed + 1)), signs_at or (lambda: int(time.time()))
        )
        self._random = Random(f"ids {seed} {time.time_ns()}")  # two simulators of one product share no ids
        self._server = Server(self, port)
        self._stopped = Event()
        self._threads: list[Thread] = []

    # Life

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._stopped.set()
        self.faults.clear()
        for thread in self._threads:
            thread.join()
        self._server.stop()
        self.webhooks.close()

    def live(self) -> None:
        """Time flows from here on, and what is due is delivered by itself. Tests rather move both on their own."""
        self._threads.append(Thread(target=self._flow, name="stripe-simulator-time", daemon=True))
        self._threads[-1].start()

    def _flow(self) -> None:
        began, ahead = time.monotonic(), 0
        while not self._stopped.wait(0.05):
            passed = int(time.monotonic() - began)
            for account in list(self.accounts.values()):
                account.clock.advance(passed - ahead)
            ahead = passed
            self.webhooks.deliver()

    # Handles

    @property
    def url(self) -> str:
        """For `base_addresses={"api": url}`."""
        return self._server.url

    def new_account(self, *, livemode: bool = False, permissions: dict[str, str] | None = None) -> StripeAccount:
        """With a restricted key that may do everything, or only `permissions`: resource to `read` or `write`."""
        with self.lock:
            granted = dict(EVERYTHING if permissions is None else permissions)
            made = StripeAccount(
                livemode=livemode, now=self.start_at, lock=self.lock, random=self._random, permissions=granted
            )
            made.fictions = self.fictions
            made.told, made.next_moment, made.wake = self.webhooks.take, agenda.next_moment, agenda.wake
            self.accounts[made.id] = made
            self.by_key[made.api_key] = made
            self.answered[made.id] = Answered()
            return made

    def roll_key(self, account: Account) -> str:
        """A new key; the old one is refused as expired from now on."""
        with self.lock:
            self.expired_keys.add(account.api_key)
            del self.by_key[account.api_key]
            account.api_key = account.new_id("rk_live" if account.livemode else "rk_test", 32)
            self.by_key[account.api_key] = account
            return account.api_key

    def new_request_id(self) -> str:
        with self.lock:
            return "req_" + "".join(self._random.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij", k=14))

    # Post

    def deliver(self, most: int | None = None, *, of: Account | None = None, at_once: int = 1) -> list[Delivery]:
        """Sends the webhooks that are due; see `Deliveries.deliver`."""
        return self.webhooks.deliver(most, of=of, at_once=at_once)

    def send_event(
        self,
        account: Account,
        event: Object,
        *,
        changes: Object | None = None,
        secrets: list[str] | None = None,
        signed_at: int | None = None,
        tampered: Callable[[bytes], bytes] = bytes,
    ) -> int:
        """To the account's first endpoint, perhaps falsified: `changes` before it is signed, `tampered` after."""
        endpoint = account.all("webhook_endpoint")[0]
        sent = self.webhooks.sealed(account, event, endpoint, changes=changes, secrets=secrets, signed_at=signed_at)
        return self.webhooks.post(replace(sent, body=tampered(sent.body)))

    def replays(self, delivery: Delivery) -> int:
        """Exactly what was sent, once more, with its old signature."""
        assert delivery.sent is not None, "it was not sent yet"
        return self.webhooks.post(delivery.sent)

    # Faults

    def goes_down(self, account: Account | None = None) -> None:
        """Every connection is reset, or every one of that account."""
        self.faults.down_for.add(account.id if account else None)

    def comes_back(self) -> None:
        self.faults.down_for.clear()

    def requests(self, route: str, account: Account | None = None) -> int:
        """How often it was asked for (by one account), answered or not: `GET /v1/subscriptions`."""
        check_route(route)
        return self.faults.requests_of[account.id, route] if account else self.faults.requests[route]


@contextmanager
def simulator(
    *, port: int = 0, seed: int = 0, start: int | None = None, signs_at: Callable[[], int] | None = None
) -> Iterator[Simulator]:
    """A running one, which must not have told anything that Stripe could not have."""
    made = Simulator(port=port, seed=seed, start=start, signs_at=signs_at)
    made.start()
    try:
        yield made
    except BaseException as failure:
        for fiction in made.fictions[:10]:
            failure.add_note(f"The simulator says: {fiction}")
        raise
    finally:
        made.stop()
    assert made.fictions == [], "\n".join(made.fictions)
