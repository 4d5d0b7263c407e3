"""What an entry of the log says, as rows: decisions, ledger, sums per hour and day. Pure."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from verify.answer import EPOCH
from verify.ground.ids import decode
from verify.limits.log_entry import Logged, Outcome, Unknown, unknown, verdicts
from verify.reasons import Reason

# Whatever decoding, counting and dating an entry that nobody of ours wrote may raise.
MALFORMED = (msgspec.MsgspecError, ValueError, LookupError, TypeError, ArithmeticError)

ROLLUP_KEY = (
    *("organization_id", "starts_at", "license_id", "key_id", "meter", "features", "outcome", "plan_version"),
    "charges",
)

Organizations = Mapping[UUID, UUID]


FEATURE = re.compile(r"[a-z0-9._:-]{1,64}")  # as codes are spelled
MOST_FEATURES = 16


class Call(NamedTuple):
    """One verdict with its ids read and its times dated."""

    organization: UUID
    environment: UUID
    id: UUID
    customer: UUID
    license: UUID
    key: UUID
    plan: UUID
    decided_at: datetime
    logged_at: datetime
    outcome: Outcome

    @property
    def name(self) -> tuple[UUID, UUID]:
        """By which it is known whether it came before. What overrules another is no repeat of it."""
        return self.organization, UUID(int=self.id.int ^ 1) if self.logged.overrules else self.id

    @property
    def logged(self) -> Logged:
        return self.outcome.logged

    @property
    def features(self) -> list[str]:
        """As sums are kept by: whoever calls may name anything, and an index holds only so much."""
        return sorted({one for one in self.logged.features if FEATURE.fullmatch(one)})[:MOST_FEATURES]


class Strangers(NamedTuple):
    """How often keys that are not known were presented in one minute."""

    organization: UUID
    environment: UUID
    id: UUID
    minute: datetime
    times: int

    @property
    def name(self) -> tuple[UUID, UUID]:
        return self.organization, self.id


@dataclass
class Read:
    """What several entries say; `faults` names by its place an entry that could not be read, or not as a whole."""

    calls: list[Call] = field(default_factory=list)
    strangers: list[Strangers] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)


def environments(entries: Sequence[Mapping[bytes, bytes]]) -> set[UUID]:
    """Which environments they are about."""
    found = set()
    for entry in entries:
        try:
            told = {one.logged.environment for one in verdicts(dict(entry))}
            told |= {one.environment for one in unknown(dict(entry))}
        except MALFORMED:
            continue
        found |= {name for text in told if (name := decode("env", text))}
    return found


def read(entries: Sequence[Mapping[bytes, bytes]], organizations: Organizations) -> Read:
    """A call that cannot be read takes no other with it."""
    found = Read()
    for place, entry in enumerate(entries):
        try:
            told: list[Outcome | Unknown] = [*verdicts(dict(entry)), *unknown(dict(entry))]
        except MALFORMED as error:
            found.faults[place] = _told(error)
            continue
        for one in told:
            try:
                if isinstance(one, Outcome):
                    found.calls.append(_call(one, organizations))
                else:
                    found.strangers.append(_strangers(one, organizations))
            except MALFORMED as error:
                found.faults[place] = _told(error)
    return found


def calls_of(entry: Mapping[bytes, bytes]) -> int:
    """How many calls the script counted when it wrote the entry; 0 if that cannot be read."""
    try:
        return len(msgspec.msgpack.decode(entry[b"outcomes"])[1])
    except MALFORMED:
        return 0


def decision(call: Call) -> list[Any]:
    """A row of `decisions`, in the order of books.DECISION."""
    logged = call.logged
    return [
        *(call.organization, call.id, call.decided_at, call.logged_at, call.environment, call.customer, call.license),
        *(call.key, call.plan, logged.plan_version, call.outcome.reason, call.outcome.repeat),
        *(document(logged.usage), [clean(one) for one in logged.features], [clean(one) for one in logged.scopes]),
        *(logged.revision, logged.latency_us),
        *(clean(text) for text in (logged.ip, logged.method, logged.resource, logged.user, logged.device)),
        logged.context.replace("\\u0000", "\\ufffd"),
    ]


def ledger(call: Call) -> Iterator[list[Any]]:
    """Rows of `ledger`, in the order of books.LEDGER."""
    if not call.outcome.admitted:
        return
    for meter, value, charges in _amounts(call):
        yield [
            *(call.organization, call.id, meter, call.decided_at, call.logged_at, call.environment, call.customer),
            *(call.license, call.key, call.logged.plan_version, call.features, charges, value),
        ]


def sums(calls: Iterable[Call], begin: Callable[[datetime], datetime]) -> list[dict[str, Any]]:
    """Rows of a rollup. What was refused has its outcome, and what was asked for; a repeat used and asked nothing."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for call in calls:
        if call.outcome.repeat:
            continue
        about = {"environment_id": str(call.environment), "customer_id": str(call.customer)}
        subject = str(call.organization), begin(call.decided_at).isoformat(), str(call.license), str(call.key)
        for meter, value, charges in _amounts(call):
            key = *subject, meter, tuple(call.features), call.outcome.reason, call.logged.plan_version, charges
            row = found.setdefault(key, {**about, "value": 0, "largest": 0, "calls": 0})
            row["value"] += value
            row["largest"] = max(row["largest"], value)
            row["calls"] += 1
    return [dict(zip(ROLLUP_KEY, key, strict=True)) | row for key, row in found.items()]


def hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def clean(text: Any) -> Any:
    """PostgreSQL's texts know no NUL."""
    return text.replace("\0", "\ufffd") if isinstance(text, str) else text


def document(value: Any) -> str:
    return json.dumps(value, allow_nan=False).replace("\\u0000", "\\ufffd")


def _amounts(call: Call) -> Iterator[tuple[str, int, int]]:
    admitted = call.outcome.reason == Reason.VALID
    for meter, value in call.logged.added.items():
        if value > 0:
            yield clean(meter), value, call.logged.charges.get(meter, 0) if admitted else 0


def _call(outcome: Outcome, organizations: Organizations) -> Call:
    logged = outcome.logged
    environment = _id("env", logged.environment)
    bytes.fromhex(logged.digest or "")  # raises if it is none
    if not all(0 <= number < size for number, size in _numbers(logged)):
        message = "a number is too large, or below 0"
        raise ValueError(message)
    return Call(
        organization=_organization(environment, organizations),
        environment=environment,
        id=UUID(bytes=logged.id),
        customer=_id("cus", logged.customer),
        license=_id("lic", logged.license),
        key=_id("key", logged.key),
        plan=_id("plan", logged.plan),
        decided_at=EPOCH + timedelta(milliseconds=logged.decided_at),
        logged_at=EPOCH + timedelta(microseconds=outcome.logged_at_us),
        outcome=outcome,
    )


def _numbers(logged: Logged) -> Iterator[tuple[int, int]]:
    """Each with what its column does not hold any more."""
    yield from ((number, 2**31) for number in (logged.plan_version, logged.latency_us))
    yield logged.revision, 2**63
    yield from ((charges, 2**15) for charges in logged.charges.values())
    yield from ((value, 2**63) for value in logged.added.values())


def _strangers(told: Unknown, organizations: Organizations) -> Strangers:
    environment = _id("env", told.environment)
    minute = EPOCH + timedelta(milliseconds=told.minute)
    return Strangers(_organization(environment, organizations), environment, UUID(bytes=told.id), minute, told.times)


def _organization(environment: UUID, organizations: Organizations) -> UUID:
    if environment not in organizations:
        message = f"there is no environment {environment}"
        raise LookupError(message)
    return organizations[environment]


@lru_cache(maxsize=50_000)  # the same customers call again and again
def _id(prefix: str, text: str) -> UUID:
    found = decode(prefix, text)
    if found is None:
        message = f"no id of {prefix}: {text[:64]!r}"
        raise ValueError(message)
    return found


def _told(error: Exception) -> str:
    told: str = clean(f"{type(error).__name__}: {error}")
    return told[:500]
