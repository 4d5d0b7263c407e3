"""The forms of pages that only ask whether."""

from django import forms


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        help_text="Optional. It is kept with the object and in the audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ConfirmationForm(forms.Form):
    """Nothing to fill in: pressing the button is all."""
