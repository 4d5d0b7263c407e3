"""An API that fails: by route, by rate, or altogether."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from threading import Event

from tests.stripe_simulator.sdk_types import template_of

KINDS = ("404", "429", "500 before", "500 after", "hang", "reset", "reset after")


def check_route(route: str) -> None:
    """Raises ValueError for what no request is ever counted under."""
    path = route.partition(" ")[2]
    if template_of(path) != path:
        raise ValueError(f"{route} is no route, as in `GET /v1/customers/{{}}`.")


@dataclass
class ApiFault:
    """What happens to requests: `500 after` and `reset after` have done the work before they fail; `404` is that of
    whoever stands between.
    """

    kind: str
    route: str | None = None
    """`GET /v1/subscriptions`, with `{}` for each id; None is every route."""
    account: str | None = None
    """Its id; None is every account."""
    rate: float = 1.0
    times: int | None = None
    """How often in all; None is without end."""
    retry_after: int | None = None
    seconds: float = 120.0
    """How long a hang lasts, unless faults are cleared before."""

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind
        if self.route is not None:
            check_route(self.route)


@dataclass
class ApiFaults:
    """What was planned, and what was asked for."""

    random: Random
    planned: list[ApiFault] = field(default_factory=list)
    down_for: set[str | None] = field(default_factory=set)
    """Accounts whose connections are reset; None stands for all."""
    calmed: Event = field(default_factory=Event)
    requests: Counter[str] = field(default_factory=Counter)
    """By route: `GET /v1/customers/{}`."""
    requests_of: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """By account and route."""
    struck: Counter[str] = field(default_factory=Counter)
    """Faults that happened, by kind."""

    def add(
        self,
        kind: str,
        route: str | None = None,
        *,
        account: str | None = None,
        rate: float = 1.0,
        times: int | None = None,
        retry_after: int | None = None,
        seconds: float = 120.0,
    ) -> ApiFault:
        """See ApiFault."""
        fault = ApiFault(kind, route, account, rate, times, retry_after, seconds)
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults, and what hangs goes on."""
        self.planned.clear()
        self.down_for.clear()
        self.calmed.set()
        self.calmed = Event()

    def strike(self, route: str, account: str | None) -> ApiFault | None:
        """Counts the request, and says what is to happen to it."""
        self.requests[route] += 1
        self.requests_of[account, route] += 1
        if self.down_for & {None, account}:
            self.struck["down"] += 1
            return ApiFault("reset")
        for fault in self.planned:
            is_meant = fault.route in (None, route) and fault.account in (None, account) and fault.times != 0
            if is_meant and self.random.random() < fault.rate:
                fault.times = fault.times and fault.times - 1
                self.struck[fault.kind] += 1
                return fault
        return None
