"""Writing what was fetched: mirror, licenses, audit, events and outbox in one transaction, or nothing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from billing.models import StripeCustomer, StripeSubscription
from billing.queries.customers import meant
from billing.queries.offers import offers, own_prices
from billing.rules.desired import STATUSES, desired, is_over
from billing.rules.sale import sold
from billing.rules.subscription import Subscription, kept_status, shown
from billing.stripe.reading import Fetched
from billing.stripe.shapes import CustomerSeen
from licensing.actions.billing import bill_license, issue_billed_license
from licensing.actions.customers import create_customer
from licensing.models import License
from licensing.rules.billing import Billing
from tenants.actions.events import announce
from tenants.models import Environment
from tenants.rules.permissions import system
from tenants.tenancy import shared_transaction
from verify.ground.failpoints import failpoint
from verify.license_status import BillingState

UNKNOWN_STATUS = "unknown_status"
MOST_CHARACTERS = 200


def settle(claimed: StripeCustomer, fetched: Fetched, *, fence: int, number: int, now: datetime) -> bool:
    """False if somebody else has claimed the customer since: then nothing is written.

    `number` is how many reasons to look are served by what was fetched.
    """
    with shared_transaction(claimed.organization_id):
        rows = StripeCustomer.objects.of_organization(claimed.organization_id).select_for_update(of=("self",))
        row: StripeCustomer = rows.select_related("connection").get(pk=claimed.pk)
        if row.fence != fence:
            return False
        environments = Environment.objects.of_organization(row.organization_id)
        settling = _Settling(row, environments.get(pk=row.environment_id), now)
        settling.take(fetched)
        row.gone = fetched.gone
        row.sync_done, row.fetched_at, row.lease_until = number, now, None
        row.failures, row.not_before, row.last_error = 0, None, ""
        row.waiting_since = row.requested_at if row.sync_requested > number else None
        row.healing = row.healing and row.sync_requested > number
        row.save()
        failpoint("converge.before_commit")
    return True


class _Settling:
    """One customer's, inside the transaction. Subscriptions are taken in the order of their ids, so that two that wait
    for each other's locks cannot be.
    """

    def __init__(self, row: StripeCustomer, environment: Environment, now: datetime) -> None:
        self.row, self.environment, self.now, self.by = row, environment, now, system()
        self.whose: dict[str, Any] = {"within": environment, "by": self.by, "now": now}
        known = StripeSubscription.objects.within(environment).filter(stripe_customer=row.id)
        self.mirrored: dict[str, StripeSubscription] = {one.stripe_id: one for one in known}

    def take(self, fetched: Fetched) -> None:
        if fetched.customer is not None and self.row.customer_id is None and fetched.subscriptions:
            self.row.customer_id = self._customer(fetched.customer)
        prices = {item.price for one in fetched.subscriptions for item in one.items}
        sells = offers(prices, self.environment)
        for one in sorted(fetched.subscriptions, key=lambda one: one.id):
            self._follow(one, sells)
        for name in sorted(fetched.missing):
            self._end(self.mirrored[name], gone=fetched.gone)

    def _customer(self, seen: CustomerSeen) -> UUID:
        found = meant(seen.id, seen.metadata, self.environment)
        if found is None:
            found = create_customer(
                **self.whose,
                name=(seen.name or seen.email or seen.id)[:200],
                email=_short(seen.email),
                external_id=_short(seen.metadata.get("external_id")),
                metadata={"stripe_customer": seen.id},
            )
        customer_id: UUID = found.pk
        return customer_id

    def _follow(self, seen: Subscription, sells: dict[str, list[UUID]]) -> None:
        mirror = self.mirrored.get(seen.id) or StripeSubscription(
            organization_id=self.row.organization_id,
            environment_id=self.row.environment_id,
            connection_id=self.row.connection_id,
            stripe_customer=self.row,
            stripe_id=seen.id,
        )
        mirror.status, mirror.seen = kept_status(seen), shown(seen)
        mirror.looks_again_at = next_moment(seen, self.now)
        mirror.drift = self._license(mirror, seen, sells)
        mirror.save()

    def _license(self, mirror: StripeSubscription, seen: Subscription, sells: dict[str, list[UUID]]) -> str | None:
        """What cannot be followed, None if all is. Without a license, one that is over needs none."""
        license = self._license_of(mirror)
        if seen.status not in STATUSES:
            return UNKNOWN_STATUS
        if license is None and is_over(seen):
            return None
        own = own_prices(license, self.environment) if license else ()
        found = sold(seen.items, sells, present=license.plan_id if license else None, own=own)
        if license is None and found.sale is None:
            return found.drift
        billing = desired(seen, found.sale, policy=self.row.connection.policy)
        self._write(mirror, license, billing)
        return None if is_over(seen) else found.drift

    def _license_of(self, mirror: StripeSubscription) -> License | None:
        if mirror.license_id is None:
            return None
        licenses = License.objects.within(self.environment).select_related("plan")
        found: License = licenses.get(pk=mirror.license_id)
        return found

    def _write(self, mirror: StripeSubscription, license: License | None, billing: Billing) -> None:
        if license is not None:
            billed = bill_license(license.id, **self.whose, billing=billing)
            self._note_healed(mirror, billed, changed=billed.revision != license.revision)
            return
        metadata = {"stripe_subscription": mirror.stripe_id, "stripe_customer": self.row.stripe_id}
        holder: Any = self.row.customer_id
        made = issue_billed_license(**self.whose, customer=holder, billing=billing, metadata=metadata)
        mirror.license_id = made.pk
        self._note_healed(mirror, made, changed=True)

    def _note_healed(self, mirror: StripeSubscription, license: License, *, changed: bool) -> None:
        """Told where a sweep, and no webhook, was the reason to look."""
        if changed and self.row.healing:
            data = {"subscription": mirror.stripe_id, "status": mirror.status}
            announce("stripe.drift_healed", license, **self.whose, data=data)

    def _end(self, mirror: StripeSubscription, *, gone: bool) -> None:
        """Its customer was deleted, or Stripe has it no more."""
        license = self._license_of(mirror)
        if license is not None and license.billing_state != BillingState.ENDED:
            reason = "customer_deleted" if gone else "subscription_deleted"
            billing = Billing(BillingState.ENDED, reason, license.starts_at, ended_at=self.now)
            billed = bill_license(license.id, **self.whose, billing=billing)
            self._note_healed(mirror, billed, changed=True)
        mirror.status, mirror.looks_again_at, mirror.drift = "canceled", None, None
        mirror.save()


def next_moment(seen: Subscription, now: datetime) -> datetime | None:
    """When Stripe is going to change it by itself next: then it is looked at, whether a webhook comes or not."""
    if is_over(seen):
        return None
    moments = (seen.trial_ends_at, seen.cancel_at, *(item.ends_at for item in seen.items))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def _short(text: str | None) -> str | None:
    """None for what no column of ours holds."""
    return text if text and len(text) <= MOST_CHARACTERS else None
