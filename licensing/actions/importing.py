"""Importing keys that were made elsewhere, by their hash: whoever holds them goes on using them."""

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from licensing.actions.keys import check_prefix, check_scopes, usable_license
from licensing.actions.seats import seats_for
from licensing.models import Key, License
from tenants.actions import audit
from tenants.actions.events import announce
from tenants.actions.writing import unique
from tenants.models import Environment
from tenants.publishing.outbox import insert_all_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, bad_field
from tenants.tenancy import tenant_transaction
from verify.digests import Digest, imported_key_digests
from verify.ground.problem import FieldError

SHA256_BYTES = 32
SHA256_OF_NOTHING = hashlib.sha256(b"").digest()


def import_keys(*, within: Environment, by: Actor, now: datetime, keys: Sequence[Mapping[str, Any]]) -> list[Key]:
    """All of them or none. Each has a `hash` in its `hash_format`, its `license`, and what a key may have besides.

    Raises Refusal with a pointer to the first that is wrong: 400, or 409 for a key that is here already. Without one
    409 if they would take more seats than a license has.
    """
    known_by = [_digests(one, index, within) for index, one in enumerate(keys)]
    digests = [several[0] for several in known_by]
    _check_twice(digests)
    with unique("keys", "keys_digest_once"), tenant_transaction(within.organization_id):
        # Not its key: what others write meanwhile refers to it, and is let through.
        environments = Environment.objects.of_organization(within.organization_id).select_for_update(no_key=True)
        environment = environments.get(pk=within.id)
        _check_taken(known_by, within)
        _hold({one["license"] for one in keys}, within)
        licenses: dict[Any, License] = {}
        rows = []
        for index, (one, digest) in enumerate(zip(keys, digests, strict=True)):
            rows.append(_row(one, digest, licenses, within, now, at=f"keys/{index}/"))
        with ExitStack() as seats:
            for license in licenses.values():
                seats.enter_context(seats_for(license, within=within, by=by, now=now))
            insert_all_and_tell(rows, now=now)
        if not environment.has_imported_keys:
            environment.has_imported_keys = True
            update_and_tell(environment, "has_imported_keys", now=now)
        changes = {"keys": [row.public_id for row in rows]}
        audit.record("keys.imported", environment, by=by, now=now, environment_id=within.id, changes=changes)
        for row in rows:
            data = {"license": licenses[row.license_id].public_id, "imported": True}
            announce("key.created", row, within=within, by=by, now=now, data=data)
    return rows


def _hold(licenses: Collection[UUID], within: Environment) -> None:
    """In the order of their ids, whoever else holds several. One that is missing is told of with its key."""
    list(License.objects.within(within).filter(pk__in=licenses).order_by("pk").select_for_update(no_key=True))


def _row(
    one: Mapping[str, Any], digest: Digest, licenses: dict[Any, License], within: Environment, now: datetime, *, at: str
) -> Key:
    described = {field: value for field, value in one.items() if field not in ("hash", "hash_format", "license")}
    if one["license"] not in licenses:
        licenses[one["license"]] = usable_license(one["license"], within, at=at)
    holder = licenses[one["license"]]
    check_scopes(described.get("scopes"), holder, within, at=at)
    check_prefix(described.get("prefix"), at=at)
    return Key(
        organization_id=within.organization_id,
        environment_id=within.id,
        license=holder,
        imported=True,
        digest=digest.value,
        pepper_version=digest.pepper_version,
        created_at=now,
        **described,
    )


def _digests(one: Mapping[str, Any], index: int, within: Environment) -> list[Digest]:
    """Under the current pepper, and under older ones, as a key that is not used stays under."""
    try:
        sha256 = (
            bytes.fromhex(one["hash"])
            if one["hash_format"] == "sha256-hex"
            else base64.b64decode(one["hash"], validate=True)
        )
    except (ValueError, binascii.Error):
        sha256 = b""
    if len(sha256) != SHA256_BYTES:
        raise bad_field(f"keys/{index}/hash", f"Not a SHA-256 written as {one['hash_format']}.")
    if sha256 == SHA256_OF_NOTHING:
        raise bad_field(f"keys/{index}/hash", "This is the SHA-256 of the empty text, which is nobody's key.")
    return imported_key_digests(settings.LICET_PEPPERS, within.public_id, sha256)


def _check_twice(digests: Sequence[Digest]) -> None:
    seen: set[bytes] = set()
    for index, digest in enumerate(digests):
        if digest.value in seen:
            raise bad_field(f"keys/{index}/hash", "This key is given twice.", "twice")
        seen.add(digest.value)


def _check_taken(known_by: Sequence[Sequence[Digest]], within: Environment) -> None:
    all_of_them = [digest.value for several in known_by for digest in several]
    known = Key.objects.within(within).filter(digest__in=all_of_them)
    taken = {bytes(digest) for digest in known.values_list("digest", flat=True)}
    for index, several in enumerate(known_by):
        if any(digest.value in taken for digest in several):
            detail = "This key is here already."
            error = FieldError(f"/keys/{index}/hash", "taken", detail)
            raise Refusal("already_exists", "conflict", detail, errors=(error,))
