"""/v1/members over real HTTP: what is shown, what a secret key may change, and what it may not."""

from collections.abc import Callable

import httpx
import pytest

from tests.places import Place
from verify.ground.ids import new


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_member_is_shown_by_address_and_role_and_nothing_of_the_account(place: Place) -> None:
    developer = place.member("developer")
    shown = place.api.get(f"/v1/members/{developer.public_id}").json()
    assert set(shown) == {"id", "email", "role", "created_at"}
    assert (shown["id"], shown["email"], shown["role"]) == (developer.public_id, developer.user.email, "developer")
    assert [row["role"] for row in place.api.get("/v1/members").json()["data"]] == ["developer", "owner"]


def test_members_are_found_by_role_and_by_address_whatever_its_case(place: Place) -> None:
    developer = place.member("developer")
    place.member("viewer")
    for query in ({"role": "developer"}, {"email": developer.user.email.upper()}):
        found = place.api.get("/v1/members", params=query).json()["data"]
        assert [row["id"] for row in found] == [developer.public_id]
    assert place.api.get("/v1/members", params={"role": "king"}).json()["errors"][0]["pointer"] == "/role"
    for text in ("\0", "x" * 501):
        assert place.api.get("/v1/members", params={"email": text}).status_code == 400


def test_a_role_is_changed_and_the_change_is_audited(place: Place) -> None:
    developer = place.member("developer")
    answer = place.api.patch(f"/v1/members/{developer.public_id}", json={"role": "billing"})
    assert (answer.status_code, answer.json()["role"]) == (200, "billing")
    entry = place.api.get("/v1/audit_log", params={"subject": developer.public_id}).json()["data"][0]
    assert (entry["action"], entry["changes"]) == (
        "member.role_changed",
        {"role": {"from": "developer", "to": "billing"}},
    )


def test_a_removed_member_is_answered_and_then_gone(place: Place) -> None:
    viewer = place.member("viewer")
    path = f"/v1/members/{viewer.public_id}"
    answer = place.api.delete(path)
    assert (answer.status_code, answer.json()["email"]) == (200, viewer.user.email)
    assert place.api.get(path).status_code == place.api.delete(path).status_code == 404
    entry = place.api.get("/v1/audit_log", params={"subject": viewer.public_id}).json()["data"][0]
    assert (entry["action"], entry["changes"]) == ("member.removed", {"email": viewer.user.email, "role": "viewer"})


def test_the_last_owner_stays(place: Place) -> None:
    path = f"/v1/members/{place.owner().public_id}"
    assert code_of(place.api.delete(path)) == (409, "last_owner")
    assert code_of(place.api.patch(path, json={"role": "admin"})) == (409, "last_owner")
    assert place.api.get(path).json()["role"] == "owner"


def test_a_secret_key_counts_as_an_admin(place: Place) -> None:
    other_owner, admin = place.member("owner"), place.member("admin")
    for answer in (
        place.api.delete(f"/v1/members/{other_owner.public_id}"),
        place.api.patch(f"/v1/members/{other_owner.public_id}", json={"role": "admin"}),
        place.api.patch(f"/v1/members/{admin.public_id}", json={"role": "owner"}),
    ):
        assert code_of(answer) == (403, "owner_required")
    assert place.api.delete(f"/v1/members/{admin.public_id}").status_code == 200


def test_a_secret_key_gives_no_role_beyond_its_own_scopes(place: Place) -> None:
    viewer = place.member("viewer")
    secret = place.post("secret_keys", {"name": "narrow", "scopes": ["organization:write", "customers:read"]})["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    path = f"/v1/members/{viewer.public_id}"
    assert code_of(place.api.patch(path, json={"role": "billing"}, headers=headers)) == (403, "role_beyond_own")
    body = {"email": "friend@example.com", "role": "viewer"}
    assert code_of(place.api.post("/v1/invitations", json=body, headers=headers)) == (403, "role_beyond_own")
    assert place.api.get("/v1/invitations").json()["data"] == []


@pytest.mark.parametrize("scopes", [["*"], ["organization:read"]])
def test_people_are_never_implied_by_another_scope(place: Place, scopes: list[str]) -> None:
    viewer = place.member("viewer")
    headers = {"Authorization": f"Bearer {place.post('secret_keys', {'name': 'k', 'scopes': scopes})['secret']}"}
    for method, path in (("DELETE", f"members/{viewer.public_id}"), ("POST", "invitations")):
        assert code_of(place.api.request(method, f"/v1/{path}", headers=headers)) == (403, "permission_missing")


def test_anothers_member_and_a_missing_one_are_the_same_404(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    theirs = others.member("viewer").public_id
    told = []
    for name in (theirs, new("mem"), "nonsense", "%00"):
        for method, body in (("GET", None), ("PATCH", {"role": "viewer"}), ("DELETE", None)):
            answer = mine.api.request(method, f"/v1/members/{name}", json=body)
            assert answer.status_code == 404
            told.append({key: text for key, text in answer.json().items() if key not in ("request_id", "instance")})
    assert all(one == told[0] for one in told)
    assert others.api.get(f"/v1/members/{theirs}").json()["role"] == "viewer"


def test_what_was_changed_meanwhile_is_not_changed_unseen(place: Place) -> None:
    path = f"/v1/members/{place.member('viewer').public_id}"
    seen = place.api.get(path).headers["ETag"]
    assert place.api.patch(path, json={"role": "billing"}, headers={"If-Match": seen}).status_code == 200
    answer = place.api.patch(path, json={"role": "admin"}, headers={"If-Match": seen})
    assert code_of(answer) == (412, "precondition_failed")


@pytest.mark.parametrize("role", ["king", "", None, 1, ["owner"]])
def test_there_are_five_roles_and_no_other(place: Place, role: object) -> None:
    answer = place.api.patch(f"/v1/members/{place.member('viewer').public_id}", json={"role": role})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/role")
