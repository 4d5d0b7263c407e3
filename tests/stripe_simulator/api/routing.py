"""Which function answers which operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.clock import Clock
from tests.stripe_simulator.sdk_types import Operation


@dataclass(frozen=True)
class Call:
    """One request, checked and read."""

    account: Account
    operation: Operation
    path: str
    ids: tuple[str, ...]
    """From the path, in its order."""
    params: dict[str, Any]
    base_url: str
    """Of the simulator, for the pages it has itself."""

    @property
    def clock(self) -> Clock:
        return self.account.clock


Handler = Callable[[Call], Object]

HANDLERS: dict[tuple[str, str], Handler] = {}


def answers(method: str, template: str) -> Callable[[Handler], Handler]:
    """Registers what answers it; `template` names the ids as it likes."""

    def register(handler: Handler) -> Handler:
        HANDLERS[method, re.sub(r"{\w*}", "{}", template)] = handler
        return handler

    return register
