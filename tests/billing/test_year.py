"""A year of a business in injected time: whatever becomes of the news, licenses are what Stripe says each month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from billing.stripe import budget
from licensing.models import License
from tenants.models import AuditEntry, Event
from tenants.tenancy import tenant_transaction
from tests.billing.business import Business
from tests.billing.injected import Product, at_its_own_time
from tests.billing.oracle import Terms, lived_through, terms
from tests.billing.shops import Shop
from tests.running.prove import Figure
from tests.stripe_simulator import DAY

FULL_CUSTOMERS, MONTHS, MONTH = 200, 12, 30.4 * DAY
LOST, COPIES, MIXED, LATE, LATE_SECONDS = 0.10, 3, 50, 0.05, (DAY, 2 * DAY)
FAILING = 0.05
READS = tuple(f"GET /v1/{what}" for what in ("subscriptions", "subscriptions/{}", "invoices", "customers/{}", "events"))
SEED = 6


def rows(product: Product) -> list[License]:
    with tenant_transaction(product.presented.organization_id):
        found = License.objects.within(product.presented).filter(managed_by="stripe").select_related("plan")
        return list(found.order_by("id"))


def found_terms(product: Product, row: License) -> Terms:
    moments = (row.starts_at, row.trial_ends_at, row.grace_ends_at, row.expires_at, row.ended_at)
    starts_at, *others = (None if moment is None else int(moment.timestamp()) for moment in moments)
    return Terms(str(row.standing(product.now).status), row.plan.public_id, row.quantity, starts_at or 0, *others)


def differing(business: Business, product: Product) -> list[Any]:
    """Subscriptions whose license is otherwise than it has to be. One that was over when first looked at needs none."""
    now = business.shop.account.clock.now
    found = {row.metadata["stripe_subscription"]: found_terms(product, row) for row in rows(product)}
    wanted = {one["id"]: terms(business, one, now) for one in business.shop.account.all("subscription")}
    assert len(found) == len(rows(product))
    needless = {name for name, one in wanted.items() if name not in found and one.status == "ended"}
    return [(found.get(name), wanted[name]) for name in wanted.keys() - needless if found.get(name) != wanted[name]]


def is_part_in_order(some: list[str], everything: list[str]) -> bool:
    rest = iter(everything)
    return all(one in rest for one in some)


def mistold(business: Business, product: Product) -> list[Any]:
    """Licenses of which not each change of status was told once, in the audit log and as an event alike, one leading to
    the next, or of which something was told that never was.
    """
    wrong = []
    for row in rows(product):
        about = {"subject_id": row.public_id}
        with tenant_transaction(row.organization_id):
            entries = AuditEntry.objects.of_organization(row.organization_id).filter(**about).order_by("id")
            audited = [(entry.action, entry.changes) for entry in entries]
            events = Event.objects.within(product.presented).filter(**about, occasion__isnull=True).order_by("id")
            announced = [(event.type, event.data) for event in events if event.type != "stripe.drift_healed"]
        changes = [changes["status"] for _, changes in audited if "status" in changes]
        told = [changes[0], *(change["to"] for change in changes[1:])]
        leads = [change["from"] for change in changes[1:]] == told[:-1] and row.standing(product.now).status == told[-1]
        lived = lived_through(business, row.metadata["stripe_subscription"])
        if audited != announced or not leads or not is_part_in_order(told, lived):
            wrong.append((row.public_id, audited, announced, lived))
    return wrong


def told(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in counted.most_common())


def hour_without_stripe(business: Business, product: Product) -> None:
    """Things happen meanwhile, and cannot be read. Whoever is suspended then is so by the clock alone."""
    before = {row.id: (row.billing_state, row.plan_id, row.quantity) for row in rows(product)}
    opened = {row.id for row in rows(product) if row.standing(product.now).status.opens}
    business.lives(days=10)
    business.shop.stripe.goes_down()
    for _ in range(6):
        product.passes(600)
        business.shop.stripe.deliver()
        product.works_once()
        product.sweeps()
    assert product.waiting()
    for row in rows(product):
        assert (row.billing_state, row.plan_id, row.quantity) == before[row.id]
        over = [moment for moment in (row.grace_ends_at, row.expires_at) if moment and moment <= product.now]
        assert row.id not in opened or row.standing(product.now).status.opens or over
    business.shop.stripe.comes_back()
    budget.is_back(str(product.presented.connection_id))  # Redis counts seconds, and an hour has passed


def go_wrong(shop: Shop) -> None:
    """For the year to come."""
    post = shop.stripe.webhooks.faults
    post.drop, post.copies, post.window, post.delayed, post.delay_seconds = LOST, COPIES, MIXED, LATE, LATE_SECONDS
    for route in READS:
        shop.stripe.faults.add("500 before", route, rate=FAILING)


def month_passes(business: Business, product: Product, *, until: int, days: int) -> None:
    """In steps of so many days; then the sweeps, as every night."""
    clock = business.shop.account.clock
    while clock.now < until - days * DAY:
        business.lives(days)
        product.passes(days * DAY)
        business.shop.stripe.deliver()
        product.works()
    clock.advance(to=until)
    product.sweeps()
    product.works()


@pytest.mark.prove
def test_each_month_of_a_year_every_license_is_what_stripe_says(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch, scale: float, figure: Figure
) -> None:
    shop, compared = new_shop(), Counter[str]()
    shop.connect()
    shop.until(lambda: shop.state()["compared_at"])
    before = shop.stripe.webhooks.faults.struck + shop.stripe.faults.struck
    with at_its_own_time(shop, monkeypatch) as product:
        product.sweeps()
        business = Business(shop, max(40, round(FULL_CUSTOMERS * scale)), SEED)
        go_wrong(shop)
        began = shop.account.clock.now
        for month in range(1, MONTHS + 1):
            month_passes(business, product, until=began + int(month * MONTH), days=1 if scale >= 1 else 7)
            assert differing(business, product) == [], month
            compared.update(str(row.standing(product.now).status) for row in rows(product))
            if month == MONTHS // 2:
                hour_without_stripe(business, product)
    assert mistold(business, product) == []
    figure("customers", len(business.customers), "")
    figure("subscriptions", len(shop.account.all("subscription")), "")
    figure("what happened", told(business.done), "")
    figure("what went wrong", told(shop.stripe.webhooks.faults.struck + shop.stripe.faults.struck - before), "")
    figure("webhooks taken in", product.carried, "")
    figure("licenses compared at a month's end", told(compared), "")
    figure("of these otherwise than Stripe says, or told otherwise than once", 0, "")


@pytest.mark.prove
def test_an_hour_without_stripe_suspends_nobody(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    shop = new_shop()
    shop.connect()
    shop.until(lambda: shop.state()["compared_at"])
    with at_its_own_time(shop, monkeypatch) as product:
        first = (product.now.replace(day=1) + timedelta(days=32)).replace(day=1)  # months that begin so are alike
        product.passes((first - product.now).total_seconds())
        business = Business(shop, 0, SEED)
        monthly, failing = next(iter(business.plans)), shop.new_customer()
        shop.subscribe(failing, price=monthly)
        shop.account.people.card_fails(failing)
        product.passes(3 * DAY)
        renewing = shop.account.find("subscription", shop.subscribe(price=monthly))
        renews_at = renewing["items"]["data"][0]["current_period_end"]
        shop.subscribe(price=monthly, trial_end=renews_at + 600)
        shop.account.clock.advance(to=renews_at - 600)
        shop.stripe.deliver()
        product.works()
        assert [str(row.standing(product.now).status) for row in rows(product)] == ["grace", "active", "trialing"]
        hour_without_stripe(business, product)
        assert [str(row.standing(product.now).status) for row in rows(product)] == ["grace", "active", "active"]
        product.works()
        assert differing(business, product) == []
    assert mistold(business, product) == []
    figure("licenses suspended meanwhile", 0, "")
