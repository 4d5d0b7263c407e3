"""Remembering what was answered to a request with an Idempotency-Key, in the transaction of its effect.

An answer is remembered if and only if its effect is committed. A refused request changed nothing and is not
remembered: the same key may be sent again with what was wrong put right. "Still running" is an advisory lock of
the running transaction, so a process that dies half way leaves neither an effect nor a lock behind.
"""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connection

from tenants.models import Environment, IdempotentAnswer
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from verify import sealing
from verify.ground.ids import encode

KEPT = timedelta(hours=24)
BATCH = 1000


class Answer(NamedTuple):
    """`body` is JSON as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """One request with an Idempotency-Key; `fingerprint` is the SHA-256 of everything else that it asks."""

    key: str
    fingerprint: bytes
    within: Environment
    by: Actor
    now: datetime

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.key.encode()).digest()


_decode = msgspec.msgpack.Decoder(Answer).decode


def recall(asked: Asked, *, waiting: bool = False) -> Answer | None:
    """What was answered before, or None: then this request holds the key until its transaction ends.

    Raises Refusal: 409 while the same key is in use, 422 if it was used for something else. `waiting`: waits for who
    uses it instead, as long as for any lock; a person who clicks twice is to see what the first click did.
    """
    if not _lock(asked, waiting=waiting):
        detail = "A request with this Idempotency-Key is still running; ask again in a moment."
        raise Refusal("idempotency_key_in_use", "conflict", detail)
    row: IdempotentAnswer | None = (
        IdempotentAnswer.objects.of_organization(asked.within.organization_id)
        .filter(caller=asked.by.id, key_digest=asked.digest)
        .first()
    )
    if row is None:
        return None
    if row.created_at <= asked.now - KEPT:
        row.delete()
        return None
    if bytes(row.fingerprint) != asked.fingerprint:
        detail = "This Idempotency-Key was used for another request; use a new one for each."
        raise Refusal("idempotency_key_reused", "unprocessable", detail)
    return _decode(sealing.unseal(settings.LICET_DATA_KEKS, _place(row), bytes(row.sealed)))


def remember(asked: Asked, answer: Answer) -> None:
    row = IdempotentAnswer(
        organization_id=asked.within.organization_id,
        environment_id=asked.within.id,
        caller=asked.by.id or "",
        key_digest=asked.digest,
        fingerprint=asked.fingerprint,
        created_at=asked.now,
    )
    row.sealed = sealing.seal(settings.LICET_DATA_KEKS, _place(row), msgspec.msgpack.encode(answer))
    row.insert()


def forget_answers(*, before: datetime) -> int:
    """Deletes what was remembered before then, of all tenants; returns how many."""
    deleted = 0
    while True:
        old = IdempotentAnswer.objects.across_tenants().filter(created_at__lt=before).values_list("pk", flat=True)
        ids = list(old[:BATCH])
        if not ids:
            return deleted
        deleted += IdempotentAnswer.objects.across_tenants().filter(pk__in=ids).delete()[0]


def _lock(asked: Asked, *, waiting: bool) -> bool:
    scope = f"{asked.within.organization_id}\0{asked.by.id}\0{asked.key}"
    number = int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        if waiting:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _place(row: IdempotentAnswer) -> sealing.Place:
    return sealing.Place(encode("org", row.organization_id), "idempotent_answers", str(row.id), "sealed")
