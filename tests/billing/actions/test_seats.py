"""A quantity that was lowered at Stripe kicks nobody: what has too few seats is flagged, told once, and clears."""

from datetime import datetime, timedelta

from licensing.actions.seats import settle_license
from licensing.models import License
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.licensing.seated import row_id, told
from verify.license_status import Status

ABOUT_SEATS = {"license.over_limit", "license.suspended", "license.reinstated"}


def of_seats(shop: Shop, license: str) -> list[str]:
    return [type_ for type_ in told(shop.place, license) if type_ in ABOUT_SEATS]


def test_a_lowered_quantity_flags_suspends_at_the_deadline_and_clears_when_it_is_raised(shop: Shop) -> None:
    shop.sell("seats", seat_policy="key", over_limit_days=7)
    subscription = shop.subscribe(quantity=3)
    shop.settle()
    license = str((shop.license_of(subscription) or {})["id"])
    keys = [shop.place.post("keys", {"license": license})["secret"] for _ in range(3)]
    shop.stripe.webhooks.faults.copies, shop.stripe.webhooks.faults.window = 3, 10
    for quantity in (2, 1):
        fewer = {"items": [{"id": shop.item_of(subscription), "quantity": quantity}]}
        shop.account.people.changes_subscription(subscription, fewer)
        shop.settle()
    flag = (shop.license_of(subscription) or {})["over_limit"]
    assert (flag["seats"], flag["taken"]) == (1, 3)
    assert shop.place.verify_until("VALID", key=keys[0])["warnings"] == ["OVER_LIMIT"]
    ends_at = datetime.fromisoformat(flag["ends_at"])
    with tenant_transaction(shop.place.environment.organization_id):
        row = License.objects.within(shop.place.environment).get(pk=row_id(license))
    assert row.standing(ends_at - timedelta(milliseconds=1)).status is Status.ACTIVE
    assert row.standing(ends_at) == (Status.SUSPENDED, "over_limit")
    for _ in range(2):  # as the clock's round does then
        settle_license(row.pk, within=shop.place.environment, by=system(), now=ends_at)
    assert of_seats(shop, license) == ["license.over_limit", "license.suspended"]
    more = {"items": [{"id": shop.item_of(subscription), "quantity": 3}]}
    shop.account.people.changes_subscription(subscription, more)
    shop.settle()
    assert (shop.license_of(subscription) or {})["over_limit"] is None
    assert of_seats(shop, license) == ["license.over_limit", "license.suspended", "license.reinstated"]
