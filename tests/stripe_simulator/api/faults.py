"""An API that fails: by route, by rate, or altogether."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from threading import Event

KINDS = ("429", "500 before", "500 after", "hang", "reset", "reset after")


@dataclass
class ApiFault:
    """What happens to requests: `500 after` and `reset after` have done the work before they fail."""

    kind: str
    route: str | None = None
    """`GET /v1/subscriptions`, with `{}` for each id; None is every route."""
    rate: float = 1.0
    times: int | None = None
    """How often in all; None is without end."""
    retry_after: int | None = None
    seconds: float = 120.0
    """How long a hang lasts, unless faults are cleared before."""

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind


@dataclass
class ApiFaults:
    """What was planned, and what was asked for."""

    random: Random
    planned: list[ApiFault] = field(default_factory=list)
    is_down: bool = False
    calmed: Event = field(default_factory=Event)
    requests: Counter[str] = field(default_factory=Counter)
    """By route: `GET /v1/customers/{}`."""
    struck: Counter[str] = field(default_factory=Counter)
    """Faults that happened, by kind."""

    def add(self, kind: str, route: str | None = None, **terms: float | None) -> ApiFault:
        fault = ApiFault(kind, route, **terms)  # type: ignore[arg-type]  # names and values are ApiFault's
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults, and what hangs goes on."""
        self.planned.clear()
        self.is_down = False
        self.calmed.set()
        self.calmed = Event()

    def strike(self, route: str) -> ApiFault | None:
        """Counts the request, and says what is to happen to it."""
        self.requests[route] += 1
        if self.is_down:
            self.struck["down"] += 1
            return ApiFault("reset")
        for fault in self.planned:
            if fault.route in (None, route) and fault.times != 0 and self.random.random() < fault.rate:
                fault.times = fault.times and fault.times - 1
                self.struck[fault.kind] += 1
                return fault
        return None
