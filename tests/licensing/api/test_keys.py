"""Keys through REST and verify: bounds, suspension, rotation, import."""

import base64
import hashlib
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from licensing.actions.importing import import_keys
from licensing.actions.keys import rotate_key
from tenants import clock
from tenants.rules.refusal import Refusal
from tests.licensing.seated import row_id
from tests.places import Place, acting
from verify import key_format
from verify.digests import Pepper
from verify.ground.ids import decode


def issued(place: Place, **fields: Any) -> dict[str, Any]:
    return place.post("keys", {"license": place.sample["license"], **fields})


def changed(place: Place, key: str, **fields: Any) -> dict[str, Any]:
    answer = place.api.patch(f"/v1/keys/{key}", json=fields)
    assert answer.is_success, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_key_is_spelled_as_published_and_its_checksum_holds(place: Place) -> None:
    secret = issued(place, prefix="acme")["secret"]
    parsed = key_format.parse(secret)
    assert parsed is not None
    assert (parsed.prefix, parsed.mode, secret[10:12]) == ("acme", "test", "lc")
    typo = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert place.verify(key=typo)["code"] == "NOT_FOUND"


def test_a_key_bound_to_addresses_works_from_them_alone(place: Place) -> None:
    key = issued(place, allowed_ips=["203.0.113.0/24", "2001:db8::/32", "::ffff:198.51.100.7", "::ffff:192.0.2.0/120"])
    assert key["allowed_ips"] == ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32", "192.0.2.0/24"]
    place.verify_until("VALID", key=key["secret"], ip="203.0.113.9")
    codes = {
        ip: place.verify(key=key["secret"], ip=ip)["code"]
        for ip in ("2001:db8::1", "198.51.100.7", "198.51.100.8", "::ffff:203.0.113.1", "192.0.2.1", "::ffff:192.0.2.1")
    }
    assert codes == {
        "2001:db8::1": "VALID",
        "198.51.100.7": "VALID",
        "198.51.100.8": "IP_NOT_ALLOWED",
        "::ffff:203.0.113.1": "VALID",
        "192.0.2.1": "VALID",
        "::ffff:192.0.2.1": "VALID",
    }
    assert place.verify(key=key["secret"])["code"] == "IP_NOT_ALLOWED"


@pytest.mark.parametrize("network", ["203.0.113.5/24", "nonsense", "", "203.0.113.0/33", "::1%eth0", 5, None])
def test_a_network_that_is_none_is_refused(place: Place, network: object) -> None:
    answer = place.api.post("/v1/keys", json={"license": place.sample["license"], "allowed_ips": [network]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith("/allowed_ips")


def test_a_key_bound_to_a_user_works_for_them_alone(place: Place) -> None:
    key = issued(place, user="u_1")
    assert place.verify_until("VALID", key=key["secret"], user="u_1")
    assert place.verify(key=key["secret"], user="u_2")["code"] == "USER_MISMATCH"
    assert place.verify(key=key["secret"])["code"] == "USER_MISMATCH"
    assert [one["id"] for one in place.api.get("/v1/keys?user=u_1").json()["data"]] == [key["id"]]


def test_a_change_is_in_force_within_a_second(place: Place) -> None:
    key = place.sample["key"]
    changed(place, key, scopes=["reports:read"], allowed_ips=["192.0.2.1"], name="Narrow")
    place.verify_until("IP_NOT_ALLOWED")
    assert place.verify(ip="192.0.2.1")["scopes"] == ["reports:read"]
    changed(place, key, scopes=None, allowed_ips=[])
    assert place.verify_until("VALID")["scopes"] == ["reports:read", "reports:write"]


def test_a_change_cannot_give_what_the_license_has_not(place: Place) -> None:
    answer = place.api.patch(f"/v1/keys/{place.sample['key']}", json={"scopes": ["admin"]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "scope_beyond_license")


def test_suspension_stops_a_key_and_its_end_lets_it_work_again(place: Place) -> None:
    key = place.sample["key"]
    shown = place.post(f"keys/{key}/suspension", {"reason": "leak?"}, status=200)
    assert (shown["status"], shown["suspended_at"] is None) == ("suspended", False)
    place.verify_until("KEY_SUSPENDED")
    assert [one["id"] for one in place.api.get("/v1/keys?status=suspended").json()["data"]] == [key]
    assert place.api.delete(f"/v1/keys/{key}/suspension").json()["status"] == "active"
    place.verify_until("VALID")
    place.post(f"keys/{key}/revocation", status=200)
    place.verify_until("KEY_REVOKED")
    assert place.api.post(f"/v1/keys/{key}/suspension", json={}).json()["code"] == "already_revoked"


def test_rotation_makes_a_successor_with_the_same_bounds_and_ends_the_old_key_with_the_overlap(place: Place) -> None:
    old = issued(place, name="Rotating", scopes=["reports:read"], user="u_1", metadata={"a": 1}, prefix="acme")
    new = place.post(f"keys/{old['id']}/rotation", {"overlap_seconds": 2})
    assert new["rotated_from"] == old["id"]
    for field in ("name", "scopes", "user", "metadata", "prefix", "license", "expires_at", "allowed_ips"):
        assert new[field] == old[field], field
    assert place.verify_until("VALID", key=new["secret"], user="u_1")["warnings"] == []
    before = place.verify(key=old["secret"], user="u_1")
    assert (before["code"], before["warnings"]) == ("VALID", ["KEY_EXPIRING", "KEY_ROTATED"])
    patience_ends = time.monotonic() + 5
    while place.verify(key=old["secret"], user="u_1")["code"] != "KEY_EXPIRED":
        assert time.monotonic() < patience_ends
    assert place.verify(key=new["secret"], user="u_1")["code"] == "VALID"


def test_an_old_key_that_ends_sooner_by_itself_keeps_its_end(place: Place) -> None:
    end = "2099-01-01T00:00:00.000Z"
    old = issued(place, expires_at=end)
    new = place.post(f"keys/{old['id']}/rotation", {"overlap_seconds": 3600})
    assert new["expires_at"] == end
    assert place.api.get(f"/v1/keys/{old['id']}").json()["expires_at"] < end
    ends_soon = issued(place, expires_at=place.api.get(f"/v1/keys/{old['id']}").json()["expires_at"])
    place.post(f"keys/{ends_soon['id']}/rotation", {"overlap_seconds": 86_400})
    assert place.api.get(f"/v1/keys/{ends_soon['id']}").json()["expires_at"] == ends_soon["expires_at"]


def test_a_rotation_that_is_repeated_gives_a_successor_that_lasts_as_long(place: Place) -> None:
    for end in (None, "2099-01-01T00:00:00.000Z"):
        old = issued(place, expires_at=end)
        successors = [place.post(f"keys/{old['id']}/rotation", {"overlap_seconds": 3600}) for _ in range(2)]
        assert [one["expires_at"] for one in successors] == [end, end]
    given = changed(place, old["id"], expires_at="2098-01-01T00:00:00.000Z")["expires_at"]
    assert place.post(f"keys/{old['id']}/rotation")["expires_at"] == given


@pytest.mark.parametrize("move", ["suspension", "revocation", "rotation"])
def test_only_a_key_that_works_can_be_rotated(place: Place, move: str) -> None:
    key = place.sample["key"]
    place.api.post(f"/v1/keys/{key}/{move}", json={}).raise_for_status()
    answer = place.api.post(f"/v1/keys/{key}/rotation", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_not_active")


def imported(place: Place, *keys: dict[str, Any]) -> Any:
    full = [{"license": place.sample["license"], **key} for key in keys]
    return place.api.post("/v1/keys/import", json={"keys": full})


def test_of_two_rotations_at_once_the_second_is_late_though_its_clock_is_behind(place: Place) -> None:
    environment, by, now = place.environment, acting(place.owner()), clock.now()
    row_id = decode("key", issued(place)["id"])
    assert row_id
    rotate_key(row_id, within=environment, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        rotate_key(row_id, within=environment, by=by, now=now - timedelta(milliseconds=5))
    assert refused.value.code == "key_not_active"


def test_a_key_that_was_imported_under_an_older_pepper_is_here_already(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"license": row_id(place.sample["license"]), "hash": hex_of("made elsewhere"), "hash_format": "sha256-hex"}
    whose: dict[str, Any] = {"within": place.environment, "by": acting(place.owner()), "now": clock.now()}
    import_keys(**whose, keys=[one])
    newer = Pepper(max(pepper.version for pepper in settings.LICET_PEPPERS) + 1, b"n" * 32)
    monkeypatch.setattr(settings, "LICET_PEPPERS", (newer, *settings.LICET_PEPPERS))
    with pytest.raises(Refusal) as refused:
        import_keys(**whose, keys=[one])
    assert refused.value.code == "already_exists"


def hex_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def test_an_imported_key_works_as_its_holder_knows_it(place: Place) -> None:
    base64_hash = base64.b64encode(hashlib.sha256(b"old-system.7f3a").digest()).decode()
    answer = imported(
        place,
        {"hash": hex_of("sk_live_from_elsewhere"), "hash_format": "sha256-hex", "name": "Old", "last4": "here"},
        {"hash": base64_hash, "hash_format": "sha256-base64", "scopes": ["reports:read"], "user": "u_1"},
    )
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["data"]
    assert (first["imported"], first["name"], first["last4"], first["prefix"]) == (True, "Old", "here", None)
    assert place.verify_until("VALID", key="sk_live_from_elsewhere")["key"]["id"] == first["id"]
    verdict = place.verify(key="old-system.7f3a", user="u_1")
    assert (verdict["code"], verdict["scopes"], verdict["key"]["id"]) == ("VALID", ["reports:read"], second["id"])
    assert place.verify(key="old-system.7f3b")["code"] == "NOT_FOUND"
    place.post(f"keys/{first['id']}/revocation", status=200)
    place.verify_until("KEY_REVOKED", key="sk_live_from_elsewhere")


def test_the_hash_of_one_of_our_own_keys_opens_nothing(place: Place) -> None:
    """What is imported and what is issued never share a digest."""
    answer = imported(place, {"hash": hex_of(place.sample["key_secret"]), "hash_format": "sha256-hex"})
    assert answer.status_code == 201
    assert place.verify_until("VALID")["key"]["id"] == place.sample["key"]


def test_an_import_is_all_or_nothing_and_names_what_is_wrong(place: Place) -> None:
    good = {"hash": hex_of("a"), "hash_format": "sha256-hex"}
    wrong: list[tuple[list[dict[str, Any]], int, str]] = [
        ([good, {"hash": "zz", "hash_format": "sha256-hex"}], 400, "/keys/1/hash"),
        ([good, {"hash": hex_of("b"), "hash_format": "sha256-base64"}], 400, "/keys/1/hash"),
        ([good, {"hash": hex_of(""), "hash_format": "sha256-hex"}], 400, "/keys/1/hash"),
        ([good, {"hash": hex_of("b"), "hash_format": "md5"}], 400, "/keys/1/hash_format"),
        ([good, good], 400, "/keys/1/hash"),
        ([good, {"hash": hex_of("b"), "hash_format": "sha256-hex", "scopes": ["x"]}], 400, "/keys/1/scopes"),
        ([good, {"hash": hex_of("b"), "hash_format": "sha256-hex", "prefix": "lsk"}], 400, "/keys/1/prefix"),
        ([good, {"hash": hex_of("b"), "hash_format": "sha256-hex", "nope": 1}], 400, "/keys/1/nope"),
        ([good, {"hash": hex_of("b"), "hash_format": "sha256-hex", "license": "lic_x"}], 400, "/keys/1/license"),
        ([], 400, "/keys"),
    ]
    before = place.api.get("/v1/keys?limit=100").json()["data"]
    for keys, status, pointer in wrong:
        answer = imported(place, *keys)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer), answer.text
    assert place.api.get("/v1/keys?limit=100").json()["data"] == before
    assert imported(place, good).status_code == 201
    again = imported(place, {"hash": hex_of("b"), "hash_format": "sha256-hex"}, good)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (409, "/keys/1/hash")


def test_a_thousand_keys_come_in_at_once(place: Place) -> None:
    keys = [{"hash": hex_of(f"key {number}"), "hash_format": "sha256-hex"} for number in range(1000)]
    assert imported(place, *keys).status_code == 201
    place.verify_until("VALID", key="key 999")
    assert place.verify(key="key 0")["code"] == "VALID"
    assert imported(place, *keys, {"hash": hex_of("more"), "hash_format": "sha256-hex"}).status_code == 400


def test_a_key_shows_when_it_last_opened(place: Place) -> None:
    used, refused, unused = issued(place), issued(place), issued(place)
    assert used["last_used_at"] is None
    place.post(f"keys/{refused['id']}/suspension", status=200)
    place.verify_until("KEY_SUSPENDED", key=refused["secret"])
    verdict = place.verify_until("VALID", key=used["secret"])
    patience_ends = time.monotonic() + 30
    while (shown := place.api.get(f"/v1/keys/{used['id']}").json())["last_used_at"] is None:
        assert time.monotonic() < patience_ends
        time.sleep(0.02)
    assert used["created_at"] <= shown["last_used_at"]
    assert verdict["code"] == "VALID"
    data = place.api.get("/v1/keys").json()["data"]
    last = {one["id"]: one["last_used_at"] for one in data}
    assert (last[used["id"]], last[refused["id"]], last[unused["id"]]) == (shown["last_used_at"], None, None)
