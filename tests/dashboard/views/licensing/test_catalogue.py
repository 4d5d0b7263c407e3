"""Products, features and meters: their lists, their pages, and what cannot be done to them."""

from typing import Any

import pytest
from django.test import Client

from tests.dashboard.visiting.reading import facts, told
from tests.places import Place

BODIES: dict[str, dict[str, Any]] = {
    "products": {"name": "Maps", "code": "maps"},
    "features": {"name": "Maps", "code": "maps", "kind": "config"},
    "meters": {"name": "Maps", "code": "maps", "aggregation": "count", "unit": "tile", "properties": ["zoom", "style"]},
}


@pytest.mark.parametrize("plural", BODIES)
def test_a_page_shows_what_the_api_shows(place: Place, member: Client, plural: str) -> None:
    row = place.post(plural, BODIES[plural])
    page = member.get(f"/{place.environment.public_id}/{plural}/{row['id']}").content.decode()
    for value in ("id", "code", "name", "audience", "kind", "aggregation", "unit", "stripe_event_name"):
        assert row.get(value, "") in page, value
    assert ", ".join(row.get("properties", [])) in page


@pytest.mark.parametrize("plural", BODIES)
def test_a_code_that_is_taken_is_told_beside_its_field(place: Place, member: Client, plural: str) -> None:
    place.post(plural, BODIES[plural])
    form = {**BODIES[plural], "properties": ""}
    answer = member.post(f"/{place.environment.public_id}/{plural}/new", form)
    assert answer.status_code == 409
    assert list(told(answer.content.decode())) == ["code"]
    assert len(place.api.get(f"/v1/{plural}?code=maps").json()["data"]) == 1


@pytest.mark.parametrize(
    ("plural", "code", "user"),
    [("products", "api", "A plan"), ("features", "export", "A plan"), ("meters", "requests", "Every call")],
)
def test_what_something_refers_to_stays(place: Place, member: Client, plural: str, code: str, user: str) -> None:
    row = place.api.get(f"/v1/{plural}?code={code}").json()["data"][0]
    one = f"/{place.environment.public_id}/{plural}/{row['id']}"
    answer = member.post(f"{one}/removal")
    assert answer.status_code == 409
    assert f"{user} refers to this {plural[:-1]}, so it stays." in answer.content.decode()
    assert member.get(one).status_code == 200


def test_a_page_names_the_plans_that_refer_to_it(place: Place, member: Client) -> None:
    product = place.api.get("/v1/products?code=api").json()["data"][0]["id"]
    quotas = [{"meter": "requests", "limit": 5, "period": "month"}]
    place.post("plans", {"product": product, "name": "Metered plan", "code": "metered", "quotas": quotas})
    for plural, code, named in (
        ("products", "api", ["Metered plan", "Starter"]),
        ("features", "export", ["Starter"]),
        ("meters", "requests", ["Metered plan"]),
    ):
        row = place.api.get(f"/v1/{plural}?code={code}").json()["data"][0]["id"]
        page = member.get(f"/{place.environment.public_id}/{plural}/{row}").content.decode()
        assert [plan for plan in ("Metered plan", "Starter") if f">{plan}</a>" in page] == named


def test_a_product_has_a_page_to_upgrade_at_or_none(place: Place, member: Client) -> None:
    products = f"/{place.environment.public_id}/products"
    form = {"name": "Maps", "code": "maps", "upgrade_url": "example.com/upgrade"}
    assert list(told(member.post(f"{products}/new", form).content.decode())) == ["upgrade_url"]
    for given, shown in (("https://example.com/upgrade", "https://example.com/upgrade"), ("", None)):
        row = place.api.get("/v1/products?code=maps").json()["data"]
        url = f"{products}/{row[0]['id']}/change" if row else f"{products}/new"
        assert member.post(url, {**form, "audience": "maps", "upgrade_url": given}).status_code == 302
        (row,) = place.api.get("/v1/products?code=maps").json()["data"]
        assert row["upgrade_url"] == shown
        page = member.get(f"{products}/{row['id']}").content.decode()
        assert facts(page)["Upgrade page"] == (shown or "None")
