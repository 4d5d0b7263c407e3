"""How allauth behaves here: nobody signs up by themselves, second factors are sealed at rest, and asking for a new
password tells nobody who is registered.
"""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from tenants.actions.people.passwords import ask_for_password_reset
from verify.sealing import Place, seal, unseal

_PLACE = Place(organization="", table="mfa_authenticator", row="", column="data")  # a person belongs to no one tenant


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(settings.LICET_DATA_KEKS, _PLACE, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(settings.LICET_DATA_KEKS, _PLACE, base64.b64decode(encrypted_text)).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Licet"}


class PasswordResetForm(ResetPasswordForm):  # type: ignore[misc]  # as above
    """Mail is sent by a worker, so that a page answers alike, and as fast, whether or not somebody is registered."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:  # noqa: ARG002 - allauth's signature
        email: str = self.cleaned_data["email"]
        ask_for_password_reset(email)
        return email
