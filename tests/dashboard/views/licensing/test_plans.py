"""Plans: their terms through a form, their versions, and their publication."""

from typing import Any

import pytest
from django.test import Client

from tests.dashboard.visiting.reading import filled, rows
from tests.places import Place

TERMS: dict[str, Any] = {
    "features": {"export": False, "seats": 25, "odd code": None},
    "scopes": ["reports:read", "reports:write"],
    "rate_limits": [
        {"name": "steady", "limit": 100, "period_seconds": 90, "burst": 100, "per": "license"},
        {"name": "burst", "limit": 1000, "period_seconds": 3600, "burst": 5, "per": "key"},
    ],
    "quotas": [{"meter": "requests", "limit": 0, "period": "billing_period", "overage": "allow", "per": "license"}],
    "duration_days": 365,
    "trial_days": 14,
    "grace_days": 0,
    "max_devices": 0,
    "device_policy": "required",
    "token_ttl_seconds": 86_400,
    "refresh_ttl_seconds": 60,
    "rotate_every_days": 1,
    "stripe_price_ids": ["price_1"],
    "seat_policy": "user",
    "over_limit_days": None,
}
TERMS["features"].pop("odd code")


@pytest.fixture
def plan(place: Place) -> dict[str, Any]:
    product = place.api.get("/v1/products?code=api").json()["data"][0]["id"]
    place.post("features", {"code": "seats", "name": "Seats", "kind": "config"})
    return place.post("plans", {"product": product, "code": "pro", "name": "Pro", **TERMS})


def page_of(place: Place, plan: dict[str, Any]) -> str:
    return f"/{place.environment.public_id}/plans/{plan['id']}"


def read(place: Place, plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get(f"/v1/plans/{plan['id']}").json()
    return found


def test_a_plan_is_created_with_every_term(place: Place, member: Client, plan: dict[str, Any]) -> None:
    form: dict[str, Any] = filled(member.get(f"{page_of(place, plan)}/change").content.decode())
    form |= {"name": "Copy", "code": "copy", "product": plan["product"], "once": "a-token-of-one-form"}
    form |= {f"{rows}-INITIAL_FORMS": "0" for rows in ("rate_limits", "quotas")}
    answer = member.post(f"/{place.environment.public_id}/plans/new", form)
    assert answer.status_code == 302, answer.content.decode()
    made = place.api.get("/v1/plans?code=copy").json()["data"][0]
    assert {name: made[name] for name in TERMS} == TERMS | {"features": {"seats": 25}}


def test_terms_that_are_saved_as_they_were_shown_make_no_version(
    place: Place, member: Client, plan: dict[str, Any]
) -> None:
    form = filled(member.get(f"{page_of(place, plan)}/change").content.decode())
    assert member.post(f"{page_of(place, plan)}/change", form).status_code == 302
    assert read(place, plan) == plan


def test_changed_terms_are_a_version_that_nobody_has_until_it_is_published(
    place: Place, member: Client, plan: dict[str, Any]
) -> None:
    form: dict[str, Any] = filled(member.get(f"{page_of(place, plan)}/change").content.decode())
    answer = member.post(f"{page_of(place, plan)}/change", form | {"trial_days": "", "rate_limits-0-DELETE": "on"})
    told = member.get(answer.headers["Location"]).content.decode()
    assert "Version 2 holds the new terms. Nobody has them until you publish it." in told
    assert "was: 14 days" in told
    now = read(place, plan)
    assert (now["version"], now["published_version"], now["trial_days"]) == (2, 1, None)
    assert [limit["name"] for limit in now["rate_limits"]] == ["burst"]


def test_what_is_wrong_is_told_and_changes_nothing(place: Place, member: Client, plan: dict[str, Any]) -> None:
    form: dict[str, Any] = filled(member.get(f"{page_of(place, plan)}/change").content.decode())
    answer = member.post(f"{page_of(place, plan)}/change", form | {"rate_limits-1-name": "steady"})
    assert answer.status_code == 400
    assert "There is a rate limit &#x27;steady&#x27; already." in answer.content.decode()
    assert read(place, plan) == plan


def test_a_publication_says_what_it_does_before_it_is_done(place: Place, member: Client, plan: dict[str, Any]) -> None:
    licenses = [place.post("licenses", {"customer": place.sample["customer"], "plan": plan["id"]}) for _ in range(3)]
    place.post(f"licenses/{licenses[0]['id']}/revocation", status=200)
    place.api.patch(f"/v1/plans/{plan['id']}", json={"trial_days": 7})
    asked = member.get(f"{page_of(place, plan)}/publication").content.decode()
    assert "2 licenses with an earlier version get version 2 at once" in asked
    member.post(f"{page_of(place, plan)}/publication", {"apply_to": "new"})
    assert counted(member.get(page_of(place, plan)).content.decode()) == {"Version 2": "0", "Version 1": "2"}
    answer = member.post(f"{page_of(place, plan)}/publication", {"apply_to": "all"})
    shown = member.get(answer.headers["Location"]).content.decode()
    assert "Version 2 is published. It is in force now." in shown
    assert counted(shown) == {"Version 2": "2", "Version 1": "0"}
    assert "Publish version" not in shown


def counted(page: str) -> dict[str, str]:
    """How many licenses have each version."""
    return {row[0]: row[-1] for row in rows(page)}


def test_a_version_has_a_page_of_its_own(place: Place, member: Client, plan: dict[str, Any]) -> None:
    place.api.patch(f"/v1/plans/{plan['id']}", json={"trial_days": 7})
    assert "14 days" in member.get(f"{page_of(place, plan)}/versions/1").content.decode()
    assert "7 days" in member.get(f"{page_of(place, plan)}/versions/2").content.decode()
    for missing in ("0", "3", "99999999999999999999"):
        assert member.get(f"{page_of(place, plan)}/versions/{missing}").status_code == 404


def test_a_change_that_somebody_else_overtook_is_not_made(place: Place, member: Client, plan: dict[str, Any]) -> None:
    form: dict[str, Any] = filled(member.get(f"{page_of(place, plan)}/change").content.decode())
    place.api.patch(f"/v1/plans/{plan['id']}", json={"trial_days": 7})
    answer = member.post(f"{page_of(place, plan)}/change", form | {"name": "Mine"})
    assert answer.status_code == 412
    assert "Somebody changed it since you opened this page." in answer.content.decode()
    assert read(place, plan)["name"] == "Pro"
    again: dict[str, Any] = filled(answer.content.decode())
    assert again["name"] == ["Mine"]
    assert member.post(f"{page_of(place, plan)}/change", again).status_code == 302
    assert (read(place, plan)["name"], read(place, plan)["trial_days"]) == ("Mine", 14)


def test_a_form_that_was_wrong_at_first_still_knows_what_it_was_opened_with(
    place: Place, member: Client, plan: dict[str, Any]
) -> None:
    change = f"{page_of(place, plan)}/change"
    form: dict[str, Any] = filled(member.get(change).content.decode())
    place.api.patch(f"/v1/plans/{plan['id']}", json={"trial_days": 7})
    wrong = member.post(change, form | {"name": ""})
    assert wrong.status_code == 200
    shown: dict[str, Any] = filled(wrong.content.decode())
    assert member.post(change, shown | {"name": "Mine"}).status_code == 412
    assert read(place, plan)["trial_days"] == 7
