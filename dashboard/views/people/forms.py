"""What may be typed about people."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.forms.telling import ActForm
from tenants.actions.people.invitations import LONGEST
from tenants.models import User

MEANINGS = {
    "owner": "Everything, and the only ones who make, change or remove owners.",
    "admin": "Everything else: members, settings, secret keys, and all that developers do.",
    "developer": "Products, plans, customers, licenses, keys and secret keys; sees members and the audit log.",
    "billing": "Customers, licenses, checkouts and the connection with Stripe; sees everything else.",
    "viewer": "Sees products, plans, customers, licenses and keys, and changes nothing.",
}
LONGEST_PASSWORD = 4096


class RoleForm(ActForm):
    role = forms.ChoiceField(label="Role", widget=forms.RadioSelect)

    def __init__(self, *args: Any, given: Iterable[str], **kwargs: Any) -> None:
        """`given` are the roles that are the viewer's to give."""
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, _explained(role)) for role in given]  # type: ignore[attr-defined]  # above


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label="Email",
        max_length=LONGEST,
        help_text="The link goes to this address, and only who signs in with it can accept.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ("email", "role")


class RegistrationForm(forms.Form):
    """A newcomer's password, twice."""

    password1 = forms.CharField(
        label="Password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password (again)",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email
        self.fields["password1"].help_text = " ".join(password_validators_help_texts())

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, User(email=self._email))
        return password

    def clean_password2(self) -> str:
        password: str = self.cleaned_data["password2"]
        if self.cleaned_data.get("password1", password) != password:
            message = "These are two different passwords."
            raise ValidationError(message)
        return password


def _explained(role: str) -> SafeString:
    return format_html(
        '<span><strong>{}</strong> <span class="soft">{}</span></span>', role.capitalize(), MEANINGS[role]
    )
