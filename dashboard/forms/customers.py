"""Forms about customers."""

from django import forms

from dashboard.forms.fields import FOR_PROGRAMS, PLAIN, NameField, ObjectField, OptionalField
from dashboard.forms.telling import ActForm


class CustomerForm(ActForm):
    name = NameField()
    email = forms.EmailField(
        label="Email",
        max_length=254,
        required=False,
        empty_value=None,
        help_text="Optional.",
        widget=forms.EmailInput(attrs=PLAIN),
    )
    external_id = OptionalField(
        label="External id",
        max_length=200,
        help_text="What your own system calls this customer.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )
    metadata = ObjectField(label="Metadata")
