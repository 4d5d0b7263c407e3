"""What the drain has written of a call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.places import Place

DRAINED_SECONDS = 10.0


class Kept(NamedTuple):
    outcome: str
    ip: str | None
    method: str | None
    resource: str | None


def kept_decision(place: Place, request_id: str) -> Kept:
    """The one decision of this request, as soon as it is there."""
    from licensing.models import Decision  # noqa: PLC0415 - Django is not set up at import
    from tenants.tenancy import tenant_transaction  # noqa: PLC0415 - as above
    from verify.ground.ids import decode  # noqa: PLC0415 - as above

    patience_ends = time.monotonic() + DRAINED_SECONDS
    while True:
        with tenant_transaction(place.environment.organization_id):
            found = Decision.objects.within(place.environment).filter(id=decode("req", request_id))
            rows = list(found.values_list("outcome", "ip", "method", "resource"))
        if rows:
            (only,) = rows
            return Kept(*only)
        assert time.monotonic() < patience_ends, "the drain does not bring it"
        time.sleep(0.05)
