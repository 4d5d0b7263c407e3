"""Public ids in addresses: `/env_…/licenses/lic_…` reaches a view as UUIDs, and any other spelling is a 404."""

from typing import ClassVar
from uuid import UUID

from django.urls import register_converter

from verify.ground.ids import decode, encode

PREFIXES = ("org", "env", "mem", "inv", "prod", "feat", "mtr", "plan", "cus", "lic", "key", "skey", "job", "aud")


class PublicIdConverter:
    """One subclass per kind of object; `regex` is what `verify.ground.ids.encode` writes."""

    prefix: ClassVar[str]
    regex: ClassVar[str]

    def to_python(self, text: str) -> UUID:
        found = decode(self.prefix, text)
        if found is None:
            raise ValueError(text)
        return found

    def to_url(self, value: UUID) -> str:
        return encode(self.prefix, value)


def register() -> None:
    """Makes `<org:…>`, `<env:…>` and the others known to urls.py."""
    for prefix in PREFIXES:
        converter = type(
            f"{prefix.title()}Converter",
            (PublicIdConverter,),
            {"prefix": prefix, "regex": prefix + "_[0-7][0-9a-hjkmnp-tv-z]{25}"},
        )
        register_converter(converter, prefix)
