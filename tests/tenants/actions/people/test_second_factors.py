"""Second factors that nobody has any more are forgotten by a command, and each organization is told."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from tests.places import Place


def test_they_are_forgotten_and_the_audit_log_says_so(place: Place) -> None:
    user = place.member("viewer").user
    for kind in ("totp", "recovery_codes", "webauthn"):
        Authenticator.objects.create(user=user, type=kind, data={})
    call_command("forget_second_factor", user.email.upper())
    call_command("forget_second_factor", user.email)  # there is nothing left to tell
    assert not Authenticator.objects.filter(user=user).exists()
    (told,) = place.api.get("/v1/audit_log", params={"action": "member.second_factors_forgotten"}).json()["data"]
    forgotten = {"totp": 1, "recovery_codes": 1, "webauthn": 1}
    assert told["changes"] == {"email": user.email, "forgotten": forgotten}


def test_whoever_is_not_here_is_told_to_whoever_asks() -> None:
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("forget_second_factor", "nobody@example.com")
