"""How allauth behaves here: nobody signs up by themselves, second factors are sealed at rest, and asking for a new
password tells nobody who is registered.
"""

import base64
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from tenants.actions.people.passwords import ask_for_password_reset
from verify.sealing import BrokenSeal, Place, seal, unseal

FROM_ANYWHERE = {"login_failed": "100/h/key"}
"""Wrong passwords for one address: more than one caller comes to with ACCOUNT_RATE_LIMITS, and no more than NIST SP
800-63B (§5.2.2) allows.
"""
log = logging.getLogger("licet.sign_in")
_PLACE = Place(organization="", table="mfa_authenticator", row="", column="data")  # a person belongs to no one tenant


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by address and by who tries them: else anybody could keep a known address out
        with a few each minute. `pre_authenticate` counts them from wherever they come.
        """
        return f"{super()._get_login_attempts_cache_key(request, **credentials)} {ratelimit.get_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError after too many wrong passwords; a right one is not counted."""
        super().pre_authenticate(request, **credentials)
        used = ratelimit.consume(request, **_from_anywhere(credentials))
        if not used:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage += used.usage  # given back by allauth, together with its own

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Whoever chose a new password may use it."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, **_from_anywhere(credentials))


def _from_anywhere(credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        "app": "tenants",
        "action": "login_failed",
        "config": FROM_ANYWHERE,
        "key": credentials.get("email", "").lower(),
    }


class Unopened(ValidationError):
    """A second factor whose seal is broken. Pages that only count codes count none."""

    silent_variable_failure = True


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(settings.LICET_DATA_KEKS, _PLACE, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Closed: what cannot be opened is a wrong code to whoever signs in. Raises Unopened."""
        try:
            return unseal(settings.LICET_DATA_KEKS, _PLACE, base64.b64decode(encrypted_text)).decode()
        except BrokenSeal as error:
            log.warning("A second factor cannot be opened with LICET_DATA_KEKS (%s)", type(error).__name__)
            raise Unopened(self.error_messages["incorrect_code"], code="incorrect_code") from error

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
