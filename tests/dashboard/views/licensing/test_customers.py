"""Customers: finding one, and the page of one."""

from django.test import Client

from tests.dashboard.visiting.reading import filled, rows, told
from tests.places import Place


def test_a_customer_is_found_by_external_id_or_email_letter_by_letter(place: Place, member: Client) -> None:
    for name in ("one", "two"):
        place.post("customers", {"name": name, "external_id": name, "email": f"{name}@example.com"})
    customers = f"/{place.environment.public_id}/customers"

    def found(query: str) -> list[str]:
        return [row[0] for row in rows(member.get(f"{customers}?{query}").content.decode())]

    assert found("external_id=one") == ["one"]
    assert found("email=two@example.com") == ["two"]
    assert found("external_id=one&email=") == ["one"]
    assert found("external_id=one&email=two@example.com") == []
    assert found("external_id=On") == []
    assert found("external_id=%00") == []
    assert len(found("unknown=1")) == 3


def test_a_customers_page_shows_it_and_its_licenses(place: Place, member: Client) -> None:
    row = place.post("customers", {"name": "<b>", "external_id": "x", "metadata": {"tier": "gold"}})
    mine = place.post("licenses", {"customer": row["id"], "plan": place.sample["plan"]})["id"]
    shown = member.get(f"/{place.environment.public_id}/customers/{row['id']}").content.decode()
    assert [license[0] for license in rows(shown)] == [mine]
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "&quot;tier&quot;: &quot;gold&quot;" in shown


def test_a_change_replaces_what_is_typed_and_empties_what_is_emptied(place: Place, member: Client) -> None:
    row = place.post("customers", {"name": "One", "external_id": "x", "email": "a@b.example", "metadata": {"a": 1}})
    change = f"/{place.environment.public_id}/customers/{row['id']}/change"
    form = filled(member.get(change).content.decode())
    assert member.post(change, form | {"email": [""], "metadata": [""]}).status_code == 302
    now = place.api.get(f"/v1/customers/{row['id']}").json()
    assert now == row | {"email": None, "metadata": {}}


def test_an_external_id_that_is_taken_is_told_beside_its_field(place: Place, member: Client) -> None:
    answer = member.post(f"/{place.environment.public_id}/customers/new", {"name": "New", "external_id": "sample"})
    assert answer.status_code == 409
    assert list(told(answer.content.decode())) == ["external_id"]
