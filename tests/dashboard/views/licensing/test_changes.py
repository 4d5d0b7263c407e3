"""Issuing and changing licenses, and finding them again."""

from typing import Any

import pytest
from django.test import Client

from tests.dashboard.visiting.reading import filled, rows, terms, told
from tests.places import Place
from verify.ground.ids import new


def page_of(place: Place) -> str:
    return f"/{place.environment.public_id}/licenses/{place.sample['license']}"


def read(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get(f"/v1/licenses/{place.sample['license']}").json()
    return found


def test_a_license_is_issued_to_whom_is_named_for_what_is_named(place: Place, member: Client) -> None:
    new_license = f"/{place.environment.public_id}/licenses/new"
    for customer in ("sample", place.sample["customer"]):
        for plan in ("starter", place.sample["plan"]):
            form = {"customer": customer, "plan": plan, "quantity": "3", "expires_at": "2090-01-01T00:00"}
            answer = member.post(new_license, form)
            made = place.api.get(f"/v1/licenses/{answer.headers['Location'].rpartition('/')[2]}").json()
            assert (made["customer"], made["plan"]) == (place.sample["customer"], place.sample["plan"])
            assert (made["quantity"], made["expires_at"]) == (3, "2090-01-01T00:00:00.000Z")


def test_a_customer_that_is_not_there_is_told_beside_its_field(place: Place, member: Client) -> None:
    form = {"customer": new("cus"), "plan": "nothing", "quantity": "1"}
    answer = member.post(f"/{place.environment.public_id}/licenses/new", form)
    nothing = "There is none of this name here."
    assert told(answer.content.decode()) == {"customer": nothing, "plan": nothing}


def test_from_a_customers_page_the_customer_is_filled_in(place: Place, member: Client) -> None:
    page = member.get(f"/{place.environment.public_id}/licenses/new?customer={place.sample['customer']}")
    assert filled(page.content.decode())["customer"] == [place.sample["customer"]]


@pytest.mark.parametrize("page", ["change", "overrides"])
def test_what_is_saved_as_it_was_shown_changes_nothing(place: Place, member: Client, page: str) -> None:
    quota = {"meter": "requests", "limit": 5, "period": "month"}
    overrides = {"features": {"export": False, "x": 1}, "scopes": [], "quotas": [quota], "max_devices": 0}
    body = {"overrides": overrides, "metadata": {"a": "é"}, "expires_at": "2090-01-01T00:00:00.250Z"}
    place.api.patch(f"/v1/licenses/{place.sample['license']}", json=body).raise_for_status()
    before = place.api.get(f"/v1/licenses/{place.sample['license']}")
    form = filled(member.get(f"{page_of(place)}/{page}").content.decode())
    assert member.post(f"{page_of(place)}/{page}", form).status_code == 302
    after = place.api.get(f"/v1/licenses/{place.sample['license']}")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


def test_a_trial_whose_end_is_left_alone_stays_one(place: Place, member: Client) -> None:
    product = place.api.get("/v1/products?code=api").json()["data"][0]["id"]
    plan = place.post("plans", {"product": product, "code": "trial", "name": "Trial", "trial_days": 7})["id"]
    row = place.post("licenses", {"customer": place.sample["customer"], "plan": plan})
    change = f"/{place.environment.public_id}/licenses/{row['id']}/change"
    form = filled(member.get(change).content.decode())
    member.post(change, form | {"quantity": ["2"]})
    now = place.api.get(f"/v1/licenses/{row['id']}").json()
    assert (now["status"], now["quantity"]) == ("trialing", 2)


def test_overrides_are_shown_with_what_they_make_of_the_plan(place: Place, member: Client) -> None:
    form = filled(member.get(f"{page_of(place)}/overrides").content.decode())
    form |= {"feature-export": ["false"], "whose_scopes": ["own"], "scopes": ["only:this"]}
    assert member.post(f"{page_of(place)}/overrides", form).status_code == 302
    assert read(place)["overrides"] == {"features": {"export": False}, "scopes": ["only:this"]}
    shown = terms(member.get(page_of(place)).content.decode())
    assert (shown["Features Own"], shown["Scopes Own"], shown["Quotas"]) == ("export: off", "only:this", "None")
    assert place.verify_until("FEATURE_NOT_ENTITLED", features=["export"])


def test_a_renewal_moves_the_end_once_however_often_it_is_sent(place: Place, member: Client) -> None:
    product = place.api.get("/v1/products?code=api").json()["data"][0]["id"]
    plan = place.post("plans", {"product": product, "code": "year", "name": "Year", "duration_days": 365})["id"]
    row = place.post(
        "licenses", {"customer": place.sample["customer"], "plan": plan, "starts_at": "2090-01-01T00:00:00Z"}
    )
    renewal = f"/{place.environment.public_id}/licenses/{row['id']}/renewal"
    form = filled(member.get(renewal).content.decode())
    assert [member.post(renewal, form).status_code for _ in range(2)] == [302, 302]
    assert place.api.get(f"/v1/licenses/{row['id']}").json()["expires_at"] == "2092-01-01T00:00:00.000Z"


def test_a_license_that_never_ends_cannot_be_renewed(place: Place, member: Client) -> None:
    answer = member.post(f"{page_of(place)}/renewal", {})
    assert answer.status_code == 409
    assert "This license never ends" in answer.content.decode()


def test_licenses_are_found_by_status_customer_and_plan(place: Place, member: Client) -> None:
    other = place.post("customers", {"name": "Other", "external_id": "other"})["id"]
    row = place.post("licenses", {"customer": other, "plan": place.sample["plan"]})["id"]
    place.post(f"licenses/{row}/suspension", status=200)
    licenses = f"/{place.environment.public_id}/licenses"

    def found(query: str) -> list[str]:
        return [row[1] for row in rows(member.get(f"{licenses}?{query}").content.decode())]

    assert found("status=suspended") == [row]
    assert found("status=active&customer=&plan=") == [place.sample["license"]]
    assert found("customer=other") == found(f"customer={other}") == [row]
    assert found("plan=starter&status=suspended") == [row]
    assert found("customer=nobody") == found("plan=nothing") == found("status=odd") == []


def test_what_was_searched_for_stays_on_the_next_page(place: Place, member: Client) -> None:
    for _ in range(21):
        place.post("licenses", {"customer": place.sample["customer"], "plan": place.sample["plan"]})
    licenses = f"/{place.environment.public_id}/licenses"
    page = member.get(f"{licenses}?status=active&plan=starter").content.decode()
    older = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "status=active" in older
    assert "plan=starter" in older
    assert len(rows(member.get(f"{licenses}{older}").content.decode())) == 2
