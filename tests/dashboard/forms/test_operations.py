"""What forms about running the product take and offer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.policy import Policy
from dashboard.forms.operations import (
    EnvironmentChangeForm,
    EnvironmentForm,
    SecretKeyChangeForm,
    SecretKeyForm,
    StripeChangeForm,
)
from tenants.rules.permissions import ROLES

ENVIRONMENT = {"name": "Staging", "kind": "test", "on_outage": "deny", "stale_seconds": "60"}


def offered(form: SecretKeyForm) -> set[str]:
    choices: Any = form.fields["scopes"]
    return {name for name, _ in choices.choices}


def test_a_member_hands_on_what_they_have_and_no_more() -> None:
    owner, developer, billing = (
        offered(SecretKeyForm(offered=ROLES[role])) for role in ("owner", "developer", "billing")
    )
    assert owner == ROLES["owner"] | {"*"}
    assert owner - developer == {"organization:write"}
    assert billing == ROLES["billing"]


def test_a_scope_that_was_not_offered_is_refused() -> None:
    form = SecretKeyForm({"name": "k", "scopes": ["keys:write"]}, offered=ROLES["billing"])
    assert list(form.errors) == ["scopes"]


@pytest.mark.parametrize("missing", ["name", "scopes"])
def test_a_secret_key_has_a_name_and_may_do_something(missing: str) -> None:
    typed = {"name": "k", "scopes": ["verify"]}
    del typed[missing]
    assert list(SecretKeyForm(typed, offered=["verify"]).errors) == [missing]


def test_a_change_asks_for_what_was_changed_alone() -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    known = {"name": "k", "scopes": ["keys:read", "verify"], "expires_at": end}
    typed = {"name": "k", "scopes": ["verify"], "expires_at": "2030-01-01T00:00"}
    form = SecretKeyChangeForm(typed, offered=["keys:read", "verify"], initial=known)
    assert form.is_valid()
    assert form.asked() == {"scopes": ["verify"]}


def test_a_new_environment_is_asked_for_whole() -> None:
    form = EnvironmentForm(ENVIRONMENT)
    assert form.is_valid()
    assert form.asked() == {"name": "Staging", "kind": "test", "on_outage": "deny", "stale_seconds": 60}


@pytest.mark.parametrize(
    ("field", "typed"),
    [("kind", "staging"), ("on_outage", "guess"), ("stale_seconds", "-1"), ("stale_seconds", "604801"), ("name", "")],
)
def test_what_no_environment_may_be_is_refused_beside_its_field(field: str, typed: str) -> None:
    assert list(EnvironmentForm(ENVIRONMENT | {field: typed}).errors) == [field]


def test_the_kind_of_an_environment_stays() -> None:
    form = EnvironmentChangeForm(ENVIRONMENT | {"kind": "live"}, initial={"name": "Staging"})
    assert form.is_valid()
    assert "kind" not in form.asked()


def test_a_change_of_the_connection_leaves_the_policy_to_who_decides_it_meanwhile() -> None:
    form = StripeChangeForm(
        {"webhook_secret": "whsec_another123", "on_refund": ""}, present=Policy("nothing", "suspend")
    )
    assert form.is_valid()
    assert form.asked() == {"webhook_secret": "whsec_another123"}
    assert "No change: suspend it until" in str(form["on_dispute"])


@pytest.mark.parametrize(
    ("field", "typed"), [("api_key", "rk_test_12345678\n"), ("webhook_secret", "whsec_12345678\n")]
)
def test_a_secret_of_stripes_ends_where_it_ends(field: str, typed: str) -> None:
    assert list(StripeChangeForm({field: typed}, present=Policy()).errors) == [field]
