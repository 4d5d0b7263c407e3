"""No key or token survives in a log line; ordinary text does."""

import secrets

import pytest

from verify import key_format
from verify.ground.redaction import redact


@pytest.mark.parametrize("prefix", ["lsk", "acme", "a"])
def test_keys_lose_their_secret_part(prefix: str) -> None:
    key = key_format.generate(prefix, "live")
    told = redact(f"could not use {key}, giving up")
    assert key[-36:] not in told
    assert told == f"could not use {prefix}_live_lc…, giving up"


@pytest.mark.parametrize("before", ["api_key_", "key%3D", "x", "/password/reset/key/"])
def test_a_key_is_found_wherever_it_is_glued_to(before: str) -> None:
    key = key_format.generate("demo", "test")
    assert key[-36:] not in redact(before + key + "/")


@pytest.mark.parametrize(
    "secret",
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sk_live_51H8abcdefgh", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln"],
)
def test_other_secrets_are_known_by_their_shape(secret: str) -> None:
    assert secret not in redact(f"got {secret} here")


def test_a_password_in_an_address_is_taken_out() -> None:
    assert redact("redis://user:hunter2@host:6379/0") == "redis://user:…@host:6379/0"


@pytest.mark.parametrize(
    "address", ["/invitations/{}", "/invitations/{}/", "/accounts/login/?next=%2Finvitations%2F{}"]
)
def test_an_invitations_link_loses_its_token(address: str) -> None:
    token = secrets.token_urlsafe(32)
    for presented in (token, token[:20], f"inv_{token}", f"{token}%0A"):
        told = redact(f'path="{address.format(presented)}" status=200')
        assert token[:16] not in told
        assert told.endswith('" status=200')


@pytest.mark.parametrize("tail", ["inv_01m7zx5q61fx6v5qy1k2av1j4g", "inv_01m7zx5q61fx6v5qy1k2av1j4g/sending", "new"])
def test_the_id_of_an_invitation_is_no_secret(tail: str) -> None:
    for path in (f"/v1/invitations/{tail}", f"/organizations/org_1/invitations/{tail}"):
        assert redact(f'path="{path}" status=200') == f'path="{path}" status=200'


def test_ids_and_plain_words_stay() -> None:
    line = "key_01m7zx5q61fx6v5qy1k2av1j4g of lic_01m7zx5q61fx6v5qy1k2av1j4g revoked, see test_live_line"
    assert redact(line) == line
