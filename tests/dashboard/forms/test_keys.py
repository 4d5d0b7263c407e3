"""What forms take, and how they tell a refusal."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from django.http import Http404

from dashboard.forms import ReasonForm, tell
from dashboard.forms.keys import ImportForm, KeyChangeForm, KeyForm, RotationForm
from tenants.rules.refusal import Refusal, bad_field, not_found
from verify.ground.ids import new_uuid


def key_form(**typed: object) -> KeyForm:
    return KeyForm({"key_prefix": "acme", **typed}, granted=["reports:read", "reports:write"])


def test_nothing_but_a_prefix_asks_for_a_key_with_everything_forever() -> None:
    form = key_form()
    assert form.is_valid()
    anybody: dict[str, object] = {"allowed_ips": [], "user": None, "metadata": {}}
    assert form.asked() == {"name": None, "prefix": "acme", "scopes": None, "expires_at": None, **anybody}


def test_the_last_day_counts_whole() -> None:
    form = key_form(expires_on="2030-02-28")
    assert form.is_valid()
    assert form.asked()["expires_at"] == datetime(2030, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("key_prefix", "Acme"),
        ("key_prefix", "acme\n"),
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


def change_form(known: Mapping[str, object], **typed: object) -> KeyChangeForm:
    return KeyChangeForm({"whose_scopes": "own", **typed}, initial=dict(known), granted=["reports:read"])


def test_only_what_was_changed_is_asked() -> None:
    known = {"name": "Old", "scopes": ["reports:read"], "metadata": {}, "allowed_ips": []}
    form = change_form(known, name="New", scopes=["reports:read"])
    assert form.is_valid()
    assert form.asked() == {"name": "New"}


@pytest.mark.parametrize(
    ("before", "whose", "ticked", "asked"),
    [
        (None, "own", ["reports:read"], ["reports:read"]),
        (["reports:read"], "license", [], None),
        (["reports:read"], "own", [], []),
        (["gone"], "own", ["gone", "reports:read"], ["gone", "reports:read"]),
    ],
)
def test_no_scope_ticked_is_no_scope_and_not_all_of_them(
    before: list[str] | None, whose: str, ticked: list[str], asked: list[str] | None
) -> None:
    form = change_form({"scopes": before}, whose_scopes=whose, scopes=ticked)
    assert form.is_valid()
    assert form.asked() == {"scopes": asked}


def test_an_overlap_is_asked_in_seconds() -> None:
    form = RotationForm({"overlap": "3", "unit": "hour"})
    assert form.is_valid()
    assert form.asked() == {"overlap_seconds": 10_800}
    assert list(RotationForm({"overlap": "367", "unit": "day"}).errors) == ["overlap"]
    assert list(RotationForm({"overlap": "-1", "unit": "day"}).errors) == ["overlap"]


def test_a_hash_that_is_refused_is_named_by_its_number() -> None:
    form = ImportForm({"hashes": "ab\n\n cd \n", "name": "Old"}, license_id=new_uuid())
    assert form.is_valid()
    assert [(key["hash"], key["name"]) for key in form.asked()["keys"]] == [("ab", "Old"), ("cd", "Old")]
    tell(form, bad_field("keys/1/hash", "No hash."))
    assert form.errors == {"hashes": ["Number 2: No hash."]}


def test_at_most_1000_keys_are_imported_at_once() -> None:
    form = ImportForm({"hashes": "ab\n" * 1001}, license_id=new_uuid())
    assert list(form.errors) == ["hashes"]
