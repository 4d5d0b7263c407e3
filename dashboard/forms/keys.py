"""Forms about keys."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from dashboard.forms.telling import ActForm
from licensing.actions.keys import DEFAULT_PREFIX
from verify.key_format import PREFIX_PATTERN


class KeyForm(ActForm):
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=200,
        help_text="Optional. Whatever tells this key from the others, such as “Production server”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
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
    key_prefix = forms.RegexField(
        f"^{PREFIX_PATTERN.pattern}$",
        label="Prefix",
        initial=DEFAULT_PREFIX,
        max_length=16,
        error_messages={"invalid": "1 to 16 of a-z and 0-9."},
        help_text="The key begins with it: 1 to 16 of a-z and 0-9.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, granted: Iterable[str], **kwargs: Any) -> None:
        """`granted` are the scopes of the license; without any there is nothing to choose."""
        super().__init__(*args, **kwargs)
        choices = [(scope, scope) for scope in granted]
        if choices:
            self.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # it is the field above
        else:
            del self.fields["scopes"]

    def asked(self) -> dict[str, Any]:
        """The checked fields, as issue_key takes them."""
        given = self.cleaned_data
        last_day = given["expires_on"]
        end = datetime.combine(last_day + timedelta(days=1), time.min, UTC) if last_day else None
        return {
            "name": given["name"] or None,
            "prefix": given["key_prefix"],
            "scopes": given.get("scopes") or None,
            "expires_at": end,
        }
