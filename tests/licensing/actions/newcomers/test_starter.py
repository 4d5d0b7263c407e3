"""What a start finds of its sample is kept; what no longer works is issued anew."""

from licensing.actions.newcomers.starter import stock
from tenants import clock
from tenants.rules.permissions import system
from tests.places import Place


def test_where_the_sample_has_no_seat_left_another_license_is_issued(place: Place) -> None:
    plan, key = place.sample["plan"], place.sample["key"]
    place.api.patch(f"/v1/plans/{plan}", json={"seat_policy": "key"}).raise_for_status()
    place.post(f"plans/{plan}/publication", {"apply_to": "all"}, status=200)
    secret = place.sample["key_secret"]
    for works in (True, False, True):
        if not works:
            place.post(f"keys/{key}/suspension", {}, status=200)
        stocked = stock(place.environment, by=system(), now=clock.now(), key_secret=secret)
        assert (stocked.key_secret == secret) is works
        key, secret = stocked.key.public_id, stocked.key_secret
    assert stocked.license.public_id != place.sample["license"]
    place.verify_until("VALID", key=secret)
