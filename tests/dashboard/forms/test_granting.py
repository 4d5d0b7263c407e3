"""The forms of plans and of overrides: what they ask, and where a refusal is told."""

from typing import Any

from dashboard.forms.features import PREFIX
from dashboard.forms.granting import Catalogue
from dashboard.forms.licenses import OverridesForm
from dashboard.forms.plans import PlanForm, PublicationForm
from dashboard.forms.telling import tell
from licensing.models import Feature, License
from tenants.rules.refusal import bad_field
from tests.dashboard.forms.test_limits import ROW, STEADY, typed

CATALOGUE = Catalogue([Feature(code="export", name="Export", kind="boolean")], ["requests"])
NO_ROWS = typed("rate_limits") | typed("quotas")
PLAN = {"name": "Pro", "grace_days": "14", "token_ttl_seconds": "300", "device_policy": "none", "seat_policy": "none"}
GRANTED: dict[str, Any] = {"features": {"export": True}, "scopes": ["a"], "rate_limits": [STEADY], "quotas": []}


def plan_form(**given: Any) -> PlanForm:
    return PlanForm({**PLAN, **NO_ROWS, **given}, catalogue=CATALOGUE)


def overrides_form(own: dict[str, Any], **given: Any) -> OverridesForm:
    as_shown = typed("rate_limits", {**ROW, "burst": "200"}, known=1) | typed("quotas")
    whose = {f"whose_{name}": "plan" for name in ("scopes", "rate_limits", "quotas")}
    data = {"scopes": "a", **whose, **as_shown, **given}
    return OverridesForm(data, catalogue=CATALOGUE, license=License(overrides=own), granted=GRANTED)


def test_a_plan_that_grants_nothing_asks_for_nothing() -> None:
    form = plan_form()
    assert form.is_valid(), form.errors
    asked = form.asked()
    assert (asked["features"], asked["scopes"], asked["rate_limits"], asked["quotas"]) == ({}, [], [], [])
    assert (asked["duration_days"], asked["grace_days"]) == (None, 14)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    form = plan_form(**typed("rate_limits", {**ROW, "limit": "0"}), token_ttl_seconds="29")
    assert not form.is_valid()
    assert list(form.errors) == ["token_ttl_seconds"]
    assert list(form.rate_limits.forms[0].errors) == ["limit"]


def test_a_refusal_is_told_where_it_belongs() -> None:
    form = plan_form(**typed("rate_limits", ROW))
    assert form.is_valid()
    form.asked()
    for pointer in ("features/export", "rate_limits/0/name", "code", "scopes"):
        tell(form, bad_field(pointer, "No."))
    assert form.errors == {f"{PREFIX}export": ["No."], "__all__": ["No."], "scopes": ["No."]}
    assert form.rate_limits.forms[0].errors == {"name": ["No."]}


def test_overrides_that_say_nothing_are_none() -> None:
    form = overrides_form({})
    assert form.is_valid(), form.errors
    assert form.asked() == {"overrides": {}}


def test_overrides_are_what_is_said_to_be_its_own() -> None:
    own = {f"{PREFIX}export": "false", "whose_scopes": "own", "scopes": "", "max_devices": "0"}
    form = overrides_form({}, **own)
    assert form.is_valid(), form.errors
    assert form.asked() == {"overrides": {"features": {"export": False}, "scopes": [], "max_devices": 0}}


def test_what_was_its_own_may_be_as_the_plan_has_it_again() -> None:
    form = overrides_form({"rate_limits": [STEADY], "scopes": ["a"]})
    assert form.is_valid(), form.errors
    assert form.asked() == {"overrides": {}}


def test_what_was_typed_and_would_be_lost_is_asked_about() -> None:
    quota = {"meter": "requests", "limit": "5", "period": "month", "overage": "deny", "per": "license"}
    form = overrides_form({}, scopes="a\nb", **typed("quotas", quota))
    assert not form.is_valid()
    assert list(form.errors) == ["whose_scopes", "whose_quotas"]


def test_a_refusal_of_overrides_is_told_where_it_belongs() -> None:
    form = overrides_form({}, whose_rate_limits="own")
    assert form.is_valid()
    form.asked()
    tell(form, bad_field("overrides/rate_limits/0/name", "No."))
    assert form.rate_limits.forms[0].errors == {"name": ["No."]}


def test_a_publication_says_how_many_licenses_it_lifts() -> None:
    def said(lifted: int) -> list[str]:
        return [str(choice.choice_label) for choice in PublicationForm(version=3, lifted=lifted)["apply_to"]]

    assert "no license with an earlier version gets version 3 at once" in said(0)[1]
    assert "1 license with an earlier one keeps it" in said(1)[0]
    assert "1,200 licenses with an earlier version get version 3 at once" in said(1200)[1]
