"""Ids in addresses."""

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from verify.ground.ids import encode, new_uuid

LETTERS = "01m7zyydeefqvtctt2p910mv5w"


def test_an_address_carries_public_ids_and_a_view_gets_uuids() -> None:
    environment, license = new_uuid(), new_uuid()
    address = reverse("license", args=[environment, license])
    assert address == f"/{encode('env', environment)}/licenses/{encode('lic', license)}"
    assert resolve(address).kwargs == {"environment_id": environment, "license_id": license}


@pytest.mark.parametrize(
    "written",
    [
        f"lic_{LETTERS}",
        f"env_{LETTERS.upper()}",
        f"env_{LETTERS[:-1]}",
        f"env_{LETTERS}0",
        "env_" + "8" * 26,
        "01931f7c-0000-7000-8000-000000000000",
        "test",
    ],
)
def test_no_other_spelling_of_an_environment_is_an_address(written: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/{written}/licenses")


def test_an_address_is_made_of_uuids_alone() -> None:
    with pytest.raises((NoReverseMatch, AttributeError)):
        reverse("licenses", args=["env_1"])
