"""A license that a subscription drives: what billing says is in force at once, told once, and beside what hands did."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from licensing.actions.billing import bill_license, issue_billed_license
from licensing.actions.clock.billing import tell_what_came
from licensing.actions.clock.grace import settle_all_grace
from licensing.models import License
from licensing.rules.billing import Billing
from tenants import clock
from tenants.models import AuditEntry
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.places import Place
from tests.tenants.actions.chains import until_sequenced
from verify.answer import rfc3339
from verify.ground.ids import decode
from verify.license_status import BillingState

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return clock.now()


def known(prefix: str, text: str) -> UUID:
    found = decode(prefix, text)
    assert found
    return found


def active(place: Place, now: datetime, **changes: Any) -> Billing:
    plan = known("plan", place.sample["plan"])
    said = Billing(BillingState.ACTIVE, None, now - DAY, plan, 3, paid_until=now + 30 * DAY)
    return said._replace(**changes)


def issue(place: Place, now: datetime, **changes: Any) -> License:
    customer = known("cus", place.sample["customer"])
    billing = active(place, now, **changes)
    return issue_billed_license(within=place.environment, by=system(), now=now, customer=customer, billing=billing)


def bill(place: Place, row: License, now: datetime, **changes: Any) -> License:
    billing = active(place, now, **changes)
    return bill_license(row.id, within=place.environment, by=system(), now=now, billing=billing)


def shown(place: Place, row: License) -> dict[str, Any]:
    found: dict[str, Any] = place.api.get(f"/v1/licenses/{row.public_id}").json()
    return found


def told(place: Place, row: License) -> list[str]:
    """The types of its events, each of which has its audit entry."""
    organization = place.environment.organization_id
    until_sequenced(organization)
    events = place.api.get("/v1/events", params={"subject": row.public_id}).json()["data"]
    with tenant_transaction(organization):
        entries = AuditEntry.objects.of_organization(organization).filter(subject_id=row.public_id).order_by("id")
        assert [entry.action for entry in entries] == [event["type"] for event in events]
    return [event["type"] for event in events]


def test_what_billing_says_is_in_force_and_told_and_the_same_again_is_nothing(place: Place, now: datetime) -> None:
    row = issue(place, now)
    key = place.post("keys", {"license": row.public_id})["secret"]
    place.verify_until("VALID", key=key)
    for _ in range(2):
        bill(place, row, now, state=BillingState.GRACE, reason="nonpayment", unpaid_since=now - 13 * DAY)
    assert place.verify(key=key)["warnings"] == ["IN_GRACE"]
    for _ in range(2):
        bill(place, row, now, state=BillingState.SUSPENDED, reason="nonpayment")
    place.verify_until("LICENSE_SUSPENDED", key=key)
    bill(place, row, now, paid_until=now + 60 * DAY)
    place.verify_until("VALID", key=key)
    bill(place, row, now, paid_until=now + 90 * DAY)
    bill(place, row, now, quantity=5, paid_until=now + 90 * DAY)
    bill(place, row, now, state=BillingState.ENDED, reason="canceled", ended_at=now, quantity=5)
    place.verify_until("LICENSE_EXPIRED", key=key)
    assert told(place, row) == [
        *("license.created", "license.entered_grace", "license.suspended", "license.reinstated"),
        *("license.renewed", "license.updated", "license.ended"),
    ]
    assert {**shown(place, row), "status": "ended", "quantity": 5, "managed_by": "stripe"} == shown(place, row)


def test_what_the_clock_brings_is_told_once_by_sweep_or_by_billing(place: Place, now: datetime) -> None:
    grace = {"state": BillingState.GRACE, "reason": "nonpayment", "unpaid_since": now - 13 * DAY}
    unpaid, ending = issue(place, now, **grace), issue(place, now, expires_at=now + DAY)
    trial = issue(place, now, trial_ends_at=now + DAY)
    for _ in range(2):
        tell_what_came(now=now)
        tell_what_came(now=now + DAY)
    bill(place, unpaid, now + 2 * DAY, state=BillingState.SUSPENDED, reason="nonpayment")
    bill(place, ending, now + 2 * DAY, state=BillingState.ENDED, reason="canceled", expires_at=now + DAY)
    # The status was told; what it is told by changed once more.
    assert told(place, unpaid) == ["license.created", "license.suspended", "license.updated"]
    assert told(place, ending) == ["license.created", "license.ended", "license.updated"]
    assert told(place, trial) == ["license.created", "license.updated"]


def test_grace_is_that_of_the_version_in_force(place: Place, now: datetime) -> None:
    row = issue(place, now, state=BillingState.GRACE, reason="nonpayment", unpaid_since=now - 20 * DAY)
    assert (shown(place, row)["status"], shown(place, row)["status_reason"]) == ("suspended", "nonpayment")
    key = place.post("keys", {"license": row.public_id})["secret"]
    place.verify_until("LICENSE_SUSPENDED", key=key)
    plan = f"plans/{place.sample['plan']}"
    for days, apply_to, code in ((30, "all", "VALID"), (1, "new", "VALID"), (2, "all", "LICENSE_SUSPENDED")):
        place.api.patch(f"/v1/{plan}", json={"grace_days": days}).raise_for_status()
        place.post(f"{plan}/publication", {"apply_to": apply_to}, status=200)
        if apply_to == "new":
            settle_all_grace(now=now)  # nobody else does so soon
        place.verify_until(code, key=key)
    assert told(place, row) == ["license.created", "license.entered_grace", "license.suspended"]


def test_what_was_decided_by_hand_stays(place: Place, now: datetime) -> None:
    row = issue(place, now)
    place.post(f"licenses/{row.public_id}/suspension", {"reason": "abuse"}, status=200)
    bill(place, row, now, paid_until=now + 60 * DAY)
    assert (shown(place, row)["status"], shown(place, row)["status_reason"]) == ("suspended", "abuse")
    place.post(f"licenses/{row.public_id}/revocation", {}, status=200)
    bill(place, row, now, state=BillingState.ENDED, reason="canceled")
    assert shown(place, row)["status"] == "revoked"


def test_what_a_subscription_decides_is_changed_there_alone(place: Place, now: datetime) -> None:
    row = issue(place, now)
    path, before = f"/v1/licenses/{row.public_id}", shown(place, row)
    end = rfc3339(clock.milliseconds(now + DAY))
    for method, address, body in (
        ("PUT", f"{path}/plan", {"plan": place.sample["plan"]}),
        ("POST", f"{path}/renewal", {"expires_at": end}),
        ("PATCH", path, {"expires_at": end}),
        ("PATCH", path, {"quantity": 9}),
    ):
        answer = place.api.request(method, address, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "managed_by_stripe")
    assert shown(place, row) == before
    place.api.patch(path, json={"metadata": {"a": "b"}}).raise_for_status()
