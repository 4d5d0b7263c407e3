"""The forms of pages that only ask whether."""

from django import forms

from dashboard.forms.telling import ActForm


class ReasonForm(ActForm):
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        help_text="Optional. It is kept with the object and in the audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ConfirmationForm(ActForm):
    """Nothing to fill in: pressing the button is all."""
