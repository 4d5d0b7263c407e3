"""What an entry of the log says, read and checked: calls and strangers, in the spelling that the tables take. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import msgspec

from verify.answer import rfc3339
from verify.ground.ids import decode
from verify.limits.log_entry import Logged, Outcome, Unknown, unknown, verdicts
from verify.reasons import Reason

# Whatever decoding, counting and dating an entry that nobody of ours wrote may raise.
MALFORMED = (msgspec.MsgspecError, ValueError, LookupError, TypeError, ArithmeticError)

FEATURE = re.compile(r"[a-z0-9._:-]{1,64}")  # as codes are spelled
MOST_FEATURES = 16
TOO_LARGE = "a number is too large, or below 0"

_count = msgspec.msgpack.Decoder(tuple[int, list[msgspec.Raw]]).decode

Told = list[Outcome | Unknown]
Organizations = Mapping[str, str]
"""By environment."""


class Amount(NamedTuple):
    """More than 0 of one meter, and the counters it was added to (verify.limits.checks.CHARGES)."""

    meter: str
    value: int
    charges: int


class Call(msgspec.Struct, frozen=True, gc=False):
    """One verdict. UUIDs are hexadecimal, times RFC 3339; `features` are as sums are kept by: whoever calls may name
    anything, and an index holds only so much. `amounts`: what is used, or was asked for, by meter.
    """

    organization: str
    environment: str
    id: str
    customer: str
    license: str
    key: str
    plan: str
    decided_at: str
    logged_at: str
    features: tuple[str, ...]
    reason: str
    repeat: bool
    admitted: bool
    amounts: tuple[Amount, ...]
    logged: Logged

    @property
    def name(self) -> tuple[str, str]:
        """By which it is known whether it came before. What overrules another is no repeat of it."""
        return self.organization, f"{int(self.id, 16) ^ 1:032x}" if self.logged.overrules else self.id


class Strangers(NamedTuple):
    """How often keys that are not known were presented in one minute."""

    organization: str
    environment: str
    id: str
    minute: str
    times: int

    @property
    def name(self) -> tuple[str, str]:
        return self.organization, self.id


@dataclass
class Read:
    """What several entries say; `faults` names by its place an entry that could not be read, or not as a whole."""

    calls: list[Call] = field(default_factory=list)
    strangers: list[Strangers] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)


def opened(fields: Mapping[bytes, bytes]) -> Told | str:
    """What an entry says, or why it cannot be read."""
    try:
        return [*verdicts(fields), *unknown(fields)]
    except MALFORMED as error:
        return _told(error)


def environments(several: Sequence[Told | str]) -> set[str]:
    """Which environments they are about."""
    named = {
        one.logged.environment if isinstance(one, Outcome) else one.environment
        for told in several
        if not isinstance(told, str)
        for one in told
    }
    return {name.hex for text in named if (name := decode("env", text))}


def read(several: Sequence[Told | str], organizations: Organizations) -> Read:
    """A call that cannot be read takes no other with it."""
    found = Read()
    for place, told in enumerate(several):
        if isinstance(told, str):
            found.faults[place] = told
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


def calls_of(fields: Mapping[bytes, bytes]) -> int:
    """How many calls the script counted when it wrote the entry; 0 if that cannot be read."""
    try:
        return len(_count(fields[b"outcomes"])[1])
    except MALFORMED:
        return 0


def _call(outcome: Outcome, organizations: Organizations) -> Call:
    logged = outcome.logged
    environment = _id("env", logged.environment)
    if len(logged.id) != 16:  # noqa: PLR2004 - of a UUID
        message = "an id is 16 bytes"
        raise ValueError(message)
    bytes.fromhex(logged.digest or "")  # raises if it is none
    _refuse_beyond_columns(logged)
    return Call(
        _organization(environment, organizations),
        environment,
        logged.id.hex(),
        _id("cus", logged.customer),
        _id("lic", logged.license),
        _id("key", logged.key),
        _id("plan", logged.plan),
        rfc3339(logged.decided_at),
        _moment(outcome.logged_at_us),
        _sorted(tuple(logged.features)) if logged.features else (),
        outcome.reason,
        outcome.repeat,
        outcome.admitted,
        _amounts(tuple(logged.added.items()), tuple(logged.charges.items()), valid=outcome.reason == Reason.VALID),
        logged,
    )


def _refuse_beyond_columns(logged: Logged) -> None:
    """Each number with what its column does not hold any more."""
    if not (0 <= logged.plan_version < 2**31 and 0 <= logged.latency_us < 2**31 and 0 <= logged.revision < 2**63):
        raise ValueError(TOO_LARGE)


@lru_cache(maxsize=4096)  # most calls use one of one meter
def _amounts(
    added: tuple[tuple[str, int], ...], charges: tuple[tuple[str, int], ...], *, valid: bool
) -> tuple[Amount, ...]:
    """What was refused is charged to nothing."""
    charged = dict(charges)
    if not (all(0 <= one < 2**15 for one in charged.values()) and all(0 <= value < 2**63 for _, value in added)):
        raise ValueError(TOO_LARGE)
    return tuple(
        Amount(clean(meter), value, charged.get(meter, 0) if valid else 0) for meter, value in added if value > 0
    )


def _strangers(told: Unknown, organizations: Organizations) -> Strangers:
    environment = _id("env", told.environment)
    organization = _organization(environment, organizations)
    return Strangers(organization, environment, UUID(bytes=told.id).hex, rfc3339(told.minute), told.times)


def _organization(environment: str, organizations: Organizations) -> str:
    if environment not in organizations:
        message = f"there is no environment {environment}"
        raise LookupError(message)
    return organizations[environment]


@lru_cache(maxsize=50_000)  # the same customers call again and again
def _id(prefix: str, text: str) -> str:
    found = decode(prefix, text)
    if found is None:
        message = f"no id of {prefix}: {text[:64]!r}"
        raise ValueError(message)
    return found.hex


@lru_cache(maxsize=1024)  # the calls of an entry were logged at once
def _moment(microseconds: int) -> str:
    return f"{rfc3339(microseconds // 1000)[:-1]}{microseconds % 1000:03}Z"


@lru_cache(maxsize=4096)
def _sorted(features: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({one for one in features if FEATURE.fullmatch(one)})[:MOST_FEATURES])


def _told(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}")[:500]


def clean(text: str) -> str:
    """PostgreSQL's texts know no NUL."""
    return text.replace("\0", "\ufffd")
