"""What forms take, and how they tell a refusal."""

from datetime import UTC, datetime

import pytest
from django.http import Http404

from dashboard.forms import ReasonForm, tell
from dashboard.forms.keys import KeyForm
from tenants.rules.refusal import Refusal, bad_field, not_found


def key_form(**typed: object) -> KeyForm:
    return KeyForm({"key_prefix": "acme", **typed}, granted=["reports:read", "reports:write"])


def test_nothing_but_a_prefix_asks_for_a_key_with_everything_forever() -> None:
    form = key_form()
    assert form.is_valid()
    assert form.asked() == {"name": None, "prefix": "acme", "scopes": None, "expires_at": None}


def test_the_last_day_counts_whole() -> None:
    form = key_form(expires_on="2030-02-28")
    assert form.is_valid()
    assert form.asked()["expires_at"] == datetime(2030, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("key_prefix", "Acme"),
        ("key_prefix", "a" * 17),
        ("expires_on", "9999-12-31"),
        ("name", "n" * 201),
        ("name", "\0"),
        ("scopes", ["admin"]),
    ],
)
def test_what_no_key_may_have_is_refused_beside_its_field(field: str, typed: object) -> None:
    form = key_form(**{field: typed})
    assert list(form.errors) == [field]


def test_a_license_without_scopes_offers_none() -> None:
    form = KeyForm({"key_prefix": "acme"}, granted=[])
    assert form.is_valid()
    assert form.asked()["scopes"] is None


def test_a_refusal_of_a_field_stands_beside_it() -> None:
    form = key_form()
    assert tell(form, bad_field("expires_at", "Too early.")) == 400
    assert form.errors == {"expires_on": ["Too early."]}


def test_a_refusal_of_the_whole_stands_above() -> None:
    form = ReasonForm({})
    assert tell(form, Refusal("already_revoked", "conflict", "It stays revoked.")) == 409
    assert form.non_field_errors() == ["It stays revoked."]


def test_what_is_not_there_is_a_404() -> None:
    with pytest.raises(Http404):
        tell(ReasonForm({}), not_found())
