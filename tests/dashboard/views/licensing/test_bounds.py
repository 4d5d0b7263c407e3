"""The page of a key, what it is bound to, its holds, and keys that were made elsewhere."""

import hashlib
from typing import Any

from django.test import Client

from tests.dashboard.visiting.reading import facts, filled, rows, told
from tests.places import Place


def page_of(place: Place) -> str:
    return f"/{place.environment.public_id}/keys/{place.sample['key']}"


def read(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get(f"/v1/keys/{place.sample['key']}").json()
    return found


def shown(place: Place, member: Client) -> dict[str, str]:
    return facts(member.get(page_of(place)).content.decode())


def test_a_key_is_bound_and_its_page_shows_all_of_it(place: Place, member: Client) -> None:
    form = filled(member.get(f"{page_of(place)}/change").content.decode())
    bounds = {"expires_at": "2090-01-31T12:00", "whose_scopes": "own", "scopes": "reports:read", "user": "u_1"}
    more = {"allowed_ips": "203.0.113.0/24\r\n2001:db8::1", "metadata": '{"host": "prod-1"}'}
    assert member.post(f"{page_of(place)}/change", {**form, **bounds, **more}).status_code == 302
    found = shown(place, member)
    assert found["Scopes"] == "reports:read"
    assert found["Allowed addresses"] == "203.0.113.0/24, 2001:db8::1/128"
    assert (found["User"], found["Ends"]) == ("u_1", "31 January 2090, 12:00 UTC")
    assert found["Metadata"] == '{ "host": "prod-1" }'
    place.verify_until("IP_NOT_ALLOWED", user="u_1")
    assert place.verify(user="u_1", ip="203.0.113.9")["scopes"] == ["reports:read"]


def test_what_is_saved_as_it_was_shown_changes_nothing(place: Place, member: Client) -> None:
    body = {"scopes": [], "allowed_ips": ["203.0.113.0/24"], "metadata": {"a": 1}, "expires_at": "2090-01-01T00:00:05Z"}
    place.api.patch(f"/v1/keys/{place.sample['key']}", json=body).raise_for_status()
    before = read(place)
    form = filled(member.get(f"{page_of(place)}/change").content.decode())
    assert member.post(f"{page_of(place)}/change", form).status_code == 302
    assert read(place) == before


def test_a_key_is_suspended_and_reinstated(place: Place, member: Client) -> None:
    assert member.post(f"{page_of(place)}/suspension", {"reason": "Odd calls"}).status_code == 302
    assert shown(place, member)["Why suspended"] == "Odd calls"
    place.verify_until("KEY_SUSPENDED")
    told_so = member.post(f"{page_of(place)}/reinstatement", follow=True).content.decode()
    assert "The key is reinstated. It is in force now." in told_so
    place.verify_until("VALID")


def test_a_key_that_was_rotated_and_its_successor_name_each_other(place: Place, member: Client) -> None:
    successor = place.post(f"keys/{place.sample['key']}/rotation", {"overlap_seconds": 60})["id"]
    assert shown(place, member)["Rotated into"] == successor
    page = member.get(f"/{place.environment.public_id}/keys/{successor}").content.decode()
    assert facts(page)["Takes the place of"] == place.sample["key"]


def test_imported_keys_work_at_once_and_a_bad_one_is_named(place: Place, member: Client) -> None:
    license = f"/{place.environment.public_id}/licenses/{place.sample['license']}"
    hashes = [hashlib.sha256(key.encode()).hexdigest() for key in ("old-key-1", "old-key-2")]
    wrong = member.post(f"{license}/keys/import", {"hashes": f"{hashes[0]}\n\nnot-a-hash"})
    assert wrong.status_code == 400
    assert told(wrong.content.decode()) == {"hashes": "Number 2: Not a SHA-256 written as sha256-hex."}
    typed = {"hashes": "\n".join(hashes), "name": "From before"}
    page = member.post(f"{license}/keys/import", typed, follow=True).content.decode()
    assert "2 keys are imported. It is in force now." in page
    assert [row[0] for row in rows(page)] == ["From before", "From before", "Sample key"]
    assert rows(page)[0][1].startswith("key_01")
    place.verify_until("VALID", key="old-key-2")
