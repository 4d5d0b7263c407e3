"""Rows about running the product as pages show them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.shown.operations import Change, changes_in, href_of, shown_secret_key
from tenants.models import Environment, SecretKey
from verify.ground.ids import new, new_uuid

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ENVIRONMENT = Environment(id=new_uuid(), kind="live")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"quantity": {"from": 1, "to": 5}}, Change("quantity", "1", "5")),
        ({"expires_at": {"from": None, "to": "2030-01-01"}}, Change("expires_at", "nothing", "2030-01-01")),
        ({"reason": "unpaid"}, Change("reason", None, "unpaid")),
        ({"scopes": {"from": ["a", "b"], "to": []}}, Change("scopes", "a, b", "nothing")),
        ({"imported": True}, Change("imported", None, "yes")),
        ({"features": {"export": True, "rows": 5}}, Change("features", None, "export: yes, rows: 5")),
    ],
)
def test_a_change_is_told_in_words(told: dict[str, Any], shown: Change) -> None:
    assert changes_in(told) == [shown]


def test_an_object_leads_to_its_page_if_it_has_one() -> None:
    license_id = new("lic")
    assert href_of(license_id, ENVIRONMENT) == f"/{ENVIRONMENT.public_id}/licenses/{license_id}"
    for without in (new("mem"), "lic_1", "", "nothing"):
        assert href_of(without, ENVIRONMENT) == ""


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "active"),
        ({"expires_at": NOW}, "expired"),
        ({"revoked_at": NOW}, "revoked"),
        ({"revoked_at": NOW, "expires_at": NOW}, "revoked"),
    ],
)
def test_a_secret_key_is_masked_and_has_the_status_of_this_moment(fields: dict[str, datetime], status: str) -> None:
    shown = shown_secret_key(SecretKey(last4="abcd", **fields), ENVIRONMENT, NOW)
    assert (shown.masked, shown.status) == ("lsk_live_…abcd", status)
