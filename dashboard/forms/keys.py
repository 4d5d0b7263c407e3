"""Forms about keys."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator

from dashboard.forms.fields import FOR_PROGRAMS, LinesField, MomentField, ObjectField, OptionalField, PatternField
from dashboard.forms.limits import UNITS
from dashboard.forms.telling import ActForm
from licensing.actions.keys import DEFAULT_PREFIX
from licensing.api.keys import LONGEST_OVERLAP_SECONDS, MOST_IMPORTED
from tenants.http.fields import Networks
from verify.ground.problem import FieldError
from verify.key_format import PREFIX_PATTERN


def _name() -> OptionalField:
    help_text = "Whatever tells this key from the others, such as “Production server”."
    return OptionalField(label="Name", max_length=200, help_text=help_text)


class BoundsForm(ActForm):
    """Who may use a key, and from where."""

    allowed_ips = LinesField(
        of=Networks(),
        label="Allowed addresses",
        help_text="One address or network per line, such as 203.0.113.0/24. Nothing: from anywhere.",
    )
    user = OptionalField(
        label="User",
        max_length=200,
        help_text="Every call must then name this user.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )
    metadata = ObjectField(label="Metadata")


class KeyForm(BoundsForm):
    """What a new key may have; `more` of it is rarely wanted."""

    name = _name()
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="Optional. The key works until the end of this day, UTC; else it lasts as long as its license.",
        validators=[MaxValueValidator(date(9998, 12, 31))],  # the end of the day after must still be a date
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        required=False,
        help_text="None ticked: all that the license has, also those it gets later.",
        widget=forms.CheckboxSelectMultiple,
    )
    key_prefix = PatternField(
        f"^{PREFIX_PATTERN.pattern}$",
        invalid="1 to 16 of a-z and 0-9.",
        label="Prefix",
        initial=DEFAULT_PREFIX,
        max_length=16,
        help_text="The key begins with it: 1 to 16 of a-z and 0-9.",
    )

    def __init__(self, *args: Any, granted: Iterable[str], **kwargs: Any) -> None:
        """`granted` are the scopes of the license; without any there is nothing to choose."""
        super().__init__(*args, **kwargs)
        _offer(self, granted)

    @property
    def usual(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "expires_on", "scopes", "key_prefix") if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in BoundsForm.base_fields]

    @property
    def more_is_used(self) -> bool:
        return any(field.data or field.errors for field in self.more)

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        last_day = given["expires_on"]
        end = datetime.combine(last_day + timedelta(days=1), time.min, UTC) if last_day else None
        return {
            "name": given["name"],
            "prefix": given["key_prefix"],
            "scopes": given.get("scopes") or None,
            "expires_at": end,
            **{name: given[name] for name in BoundsForm.base_fields},
        }


class KeyChangeForm(BoundsForm):
    field_order = ("name", "expires_at", "whose_scopes", "scopes")
    name = _name()
    expires_at = MomentField(label="Ends", help_text="UTC. Nothing: it lasts as long as its license.")
    whose_scopes = forms.ChoiceField(
        label="It has",
        choices=[
            ("license", "All scopes of its license, also those it gets later"),
            ("own", "The scopes ticked below"),
        ],
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(label="Scopes", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, granted: Iterable[str], **kwargs: Any) -> None:
        """What the key has and its license does not any more can be taken from it, and stays if nothing is changed."""
        super().__init__(*args, **kwargs)
        own = self.initial.get("scopes")
        self.initial["whose_scopes"] = "license" if own is None else "own"
        _offer(self, dict.fromkeys([*granted, *(own or ())]))
        if "scopes" not in self.fields:
            del self.fields["whose_scopes"]

    def asked(self) -> dict[str, Any]:
        """What was changed: what stays is not checked anew."""
        given = {name: self.cleaned_data[name] for name in self.changed_data}
        if {"scopes", "whose_scopes"} & set(given):
            given["scopes"] = self.cleaned_data["scopes"] if self.cleaned_data["whose_scopes"] == "own" else None
        given.pop("whose_scopes", None)
        return given


def _offer(form: forms.Form, scopes: Iterable[str]) -> None:
    choices = [(scope, scope) for scope in scopes]
    if choices:
        form.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # it is a field of choices
    else:
        del form.fields["scopes"]


class RotationForm(ActForm):
    overlap = forms.IntegerField(label="The old key works on for", min_value=0, initial=1)
    unit = forms.ChoiceField(label="Unit", choices=[(unit, f"{unit}s") for unit in UNITS], initial="day")

    def clean(self) -> None:
        if "overlap" in self.cleaned_data and "unit" in self.cleaned_data and self._seconds > LONGEST_OVERLAP_SECONDS:
            self.add_error("overlap", "At most 366 days.")

    def asked(self) -> dict[str, Any]:
        return {"overlap_seconds": self._seconds}

    @property
    def _seconds(self) -> int:
        seconds: int = self.cleaned_data["overlap"] * UNITS[self.cleaned_data["unit"]]
        return seconds


class ImportForm(ActForm):
    """The SHA-256 of each key, in hexadecimal; whoever holds the keys goes on using them."""

    hashes = forms.CharField(
        label="SHA-256 of each key",
        help_text=f"In hexadecimal, one per line, {MOST_IMPORTED:,} at most. All of them are imported, or none.",
        widget=forms.Textarea(attrs={**FOR_PROGRAMS, "rows": 10}),
    )
    name = OptionalField(label="Name", max_length=200, help_text="Given to each of them.")

    def __init__(self, data: Any, *, license_id: UUID) -> None:
        super().__init__(data)
        self._license_id = license_id

    def clean_hashes(self) -> list[str]:
        hashes = [line.strip() for line in self.cleaned_data["hashes"].splitlines() if line.strip()]
        if len(hashes) > MOST_IMPORTED:
            raise forms.ValidationError(f"At most {MOST_IMPORTED:,} at once.")
        return hashes

    def asked(self) -> dict[str, Any]:
        alike = {"license": self._license_id, "hash_format": "sha256-hex", "name": self.cleaned_data["name"]}
        return {"keys": [{**alike, "hash": text} for text in self.cleaned_data["hashes"]]}

    def show(self, error: FieldError) -> bool:
        """Names the key by its number among those that were typed."""
        _, name, *inside = error.pointer.split("/")
        if name == "keys" and inside:
            self.add_error("hashes", f"Number {int(inside[0]) + 1}: {error.detail}")
            return True
        return super().show(error)
