"""How allauth behaves here: nobody signs up by themselves, and second factors are sealed at rest."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

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
