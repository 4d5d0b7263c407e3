"""Facts: what the control plane tells the data plane, small, versioned and rebuildable (docs/decisions/facts.md).

On the wire a fact is the msgpack array `[epoch, revision, body]` under the Redis key `facts:{kind}:{name}`.
Bodies are arrays too: a field may be added at the end with a default, never moved, so that both planes can
be upgraded in either order. The last fields are left out where they have their defaults, so no default may ever
change. Times are milliseconds since 1970 UTC.
"""

import sys
from typing import Any, ClassVar, NamedTuple

import msgspec
from msgspec.structs import force_setattr

PREFIX = "facts:"
STATE_KEY = "facts:state"  # StoreState; lies under the tracked prefix, so its loss is pushed like any change
HEARTBEAT_KEY = "facts:heartbeat"  # when the relay wrote it, in microseconds by Redis's clock; told of like any fact
NO_FACTS = (STATE_KEY, HEARTBEAT_KEY)


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One body; `KIND` is the middle of its Redis key."""

    KIND: ClassVar[str] = ""


class EnvironmentFacts(Fact, frozen=True, array_like=True, gc=False):
    KIND: ClassVar[str] = "environment"
    id: str
    kind: str
    on_outage: str
    stale_seconds: int
    has_imported_keys: bool = False


class SecretKeyFacts(Fact, frozen=True, array_like=True, gc=False):
    """Named by its digest in hex, as a stranger presents it."""

    KIND: ClassVar[str] = "secret_key"
    id: str
    environment: str
    scopes: tuple[str, ...]
    expires_at: int | None
    revoked: bool


class CustomerFacts(Fact, frozen=True, array_like=True, gc=False):
    KIND: ClassVar[str] = "customer"
    id: str
    external_id: str | None


class RateLimit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`limit` calls in a period, `burst` of them at once; `per` license or key."""

    name: str
    limit: int
    period_seconds: int
    burst: int
    per: str


class Quota(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`limit` units of a meter in a `period` (see limits.windows); `overage`: deny, allow; `per`: license, customer."""

    meter: str
    limit: int
    period: str
    overage: str
    per: str


class PlanTerms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one immutable version of a plan grants."""

    scopes: tuple[str, ...]
    features: dict[str, Any]
    rate_limits: tuple[RateLimit, ...] = ()
    quotas: tuple[Quota, ...] = ()


class PlanFacts(Fact, frozen=True, array_like=True, gc=False):
    """Every version that was ever published; `floor` is the least version any license may have."""

    KIND: ClassVar[str] = "plan"
    id: str
    code: str
    floor: int
    versions: dict[int, PlanTerms]
    product: str = ""


class Overrides(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a license has otherwise than its plan: `features` code by code, everything else instead of the plan's."""

    scopes: tuple[str, ...] | None = None
    features: dict[str, Any] = {}
    rate_limits: tuple[RateLimit, ...] | None = None
    quotas: tuple[Quota, ...] | None = None


NO_OVERRIDES = Overrides()


class BillingPeriod(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`count` units of day, week, month or year each, from the anchor on."""

    anchor: int
    unit: str = "month"
    count: int = 1


class BillingFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What billing says of a license that a subscription drives (verify.license_status.BillingState)."""

    state: str
    reason: str | None = None
    grace_ends_at: int | None = None


class OverLimit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """More seats of a license are taken than it has, which may be until `ends_at`."""

    ends_at: int | None = None


class LicenseFacts(Fact, frozen=True, array_like=True, gc=False):
    KIND: ClassVar[str] = "license"
    id: str
    customer: str
    plan: str
    plan_version: int
    starts_at: int
    expires_at: int | None
    trial_ends_at: int | None
    suspended: bool
    revoked: bool
    overrides: Overrides = NO_OVERRIDES
    billing: BillingPeriod | None = None
    billed: BillingFacts | None = None
    over_limit: OverLimit | None = None


class KeyFacts(Fact, frozen=True, array_like=True, gc=False):
    """Named by its digest in hex. `scopes` None means all that the license has. `counts_as` is the key whose limits it
    shares: the first of those that were rotated into it; "" is itself.
    """

    KIND: ClassVar[str] = "key"
    id: str
    name: str | None
    license: str
    scopes: tuple[str, ...] | None
    expires_at: int | None
    suspended: bool
    revoked: bool
    allowed_ips: tuple[str, ...] = ()
    user: str | None = None
    rotated: bool = False
    counts_as: str = ""


class Offer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a plan grants to whoever takes it now."""

    plan: str
    product: str
    terms: PlanTerms
    url: str | None = None


class CatalogFacts(Fact, frozen=True, array_like=True, gc=False):
    """Named by its environment: how each meter counts, and what could be upgraded to."""

    KIND: ClassVar[str] = "catalog"
    meters: dict[str, str]
    offers: tuple[Offer, ...]


class StoreState(msgspec.Struct, frozen=True, array_like=True):
    """Says that the store is whole: without it a missing fact proves nothing.

    `revision` is the highest the database had handed out when last looked at, `mark` the newest outbox entry: a
    database that stands below the one or does not know the other is not the one that was looked at.
    """

    epoch: int
    revision: int
    mark: str = ""


class Versioned(NamedTuple):
    epoch: int
    revision: int
    fact: Fact


TYPES: dict[str, type[Fact]] = {
    kind.KIND: kind
    for kind in (
        *(EnvironmentFacts, SecretKeyFacts, CatalogFacts),
        *(CustomerFacts, PlanFacts, LicenseFacts, KeyFacts),
    )
}

_encode = msgspec.msgpack.Encoder().encode
_decoders = {
    kind: msgspec.msgpack.Decoder(tuple[int, int, fact_type])  # type: ignore[valid-type]  # a runtime type is the point
    for kind, fact_type in TYPES.items()
}


def redis_key(kind: str, name: str) -> str:
    return f"{PREFIX}{kind}:{name}"


def kind_and_name(key: str) -> tuple[str, str]:
    """The inverse of `redis_key`; an unknown kind comes back as it stands, and what is no fact (NO_FACTS) as one."""
    kind, _, name = key.removeprefix(PREFIX).partition(":")
    return kind, name


def encode(epoch: int, revision: int, fact: Fact) -> bytes:
    body = list(msgspec.structs.astuple(fact))
    for default in reversed(type(fact).__struct_defaults__):
        if body[-1] != default:
            break
        body.pop()
    return _encode((epoch, revision, body))


def decode(kind: str, data: bytes) -> Versioned:
    """Raises msgspec.DecodeError (ValidationError among them) for anything that `encode` did not write."""
    epoch, revision, decoded = _decoders[kind].decode(data)
    fact: Fact = decoded
    if isinstance(fact, LicenseFacts):  # what many have alike is held once
        force_setattr(fact, "plan", sys.intern(fact.plan))
        if fact.overrides == NO_OVERRIDES:
            force_setattr(fact, "overrides", NO_OVERRIDES)
    return Versioned(epoch, revision, fact)


def share(fact: Fact, field: str, text: str) -> None:
    """Lets the fact hold this very object, if it holds an equal one: an id that several know of is in memory once."""
    if getattr(fact, field, None) == text:
        force_setattr(fact, field, text)
