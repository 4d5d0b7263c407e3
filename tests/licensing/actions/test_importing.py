"""An import while others write."""

from hashlib import sha256

from licensing.actions.importing import import_keys
from tenants import clock
from tenants.rules.permissions import system
from tenants.tenancy import shared_transaction
from tests.licensing.seated import row_id
from tests.places import Place


def test_an_import_that_takes_long_lets_others_write(place: Place) -> None:
    other = place.post("licenses", {field: place.sample[field] for field in ("customer", "plan")})["id"]
    one = {"license": row_id(place.sample["license"]), "hash": sha256(b"long").hexdigest(), "hash_format": "sha256-hex"}
    with shared_transaction(place.environment.organization_id):
        import_keys(within=place.environment, by=system(), now=clock.now(), keys=[one])
        place.post("keys", {"license": other})
        place.post("customers", {"name": "Meanwhile"})
