"""`expand`: references shown whole, in one query each."""

import pytest

from tests.places import Place
from verify.ground.ids import new


def test_an_expanded_reference_is_what_reading_it_shows(place: Place) -> None:
    whole = place.api.get(f"/v1/licenses/{place.sample['license']}?expand=customer,plan").json()
    assert whole["customer"] == place.api.get(f"/v1/customers/{place.sample['customer']}").json()
    assert whole["plan"] == place.api.get(f"/v1/plans/{place.sample['plan']}").json()
    listed = place.api.get("/v1/licenses?expand=plan").json()["data"][0]
    assert listed["plan"] == whole["plan"]
    assert listed["customer"] == place.sample["customer"]


def test_a_key_and_a_plan_expand_what_they_refer_to(place: Place) -> None:
    key = place.api.get("/v1/keys?expand=license").json()["data"][0]
    assert key["license"]["id"] == place.sample["license"]
    plan = place.api.get(f"/v1/plans/{place.sample['plan']}?expand=product").json()
    assert plan["product"]["code"] == "api"


@pytest.mark.parametrize(
    "path", ["licenses?expand=bogus", "licenses?expand=", "licenses?expand=customer,", "customers?expand=a"]
)
def test_what_cannot_be_expanded_is_named(place: Place, path: str) -> None:
    answer = place.api.get(f"/v1/{path}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/expand"


@pytest.mark.parametrize("path", ["", "/{license}", "/{missing}"])
def test_what_may_not_be_read_is_refused_before_anything_else_is(place: Place, path: str) -> None:
    secret = place.post("secret_keys", {"name": "Reader", "scopes": ["licenses:read"]})["secret"]
    address = f"/v1/licenses{path}".format(license=place.sample["license"], missing=new("lic"))
    asked = {"expand": "customer,bogus", "limit": "0", "cursor": "no", "unheard": "of"}
    answer = place.api.get(address, params=asked, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
