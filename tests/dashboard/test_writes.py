"""What holds for every page of an environment: who may see it, what it changes, and that it changes it once."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from django.test import Client

from dashboard.urls import urlpatterns
from tenants.models import AuditEntry, OutboxEntry
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of
from tests.dashboard.visiting.walking import addresses, patterns, subjects
from tests.places import Place


class Write(NamedTuple):
    """What is typed, and how many facts it changes. What holds no fact, such as a product, changes none."""

    form: dict[str, str]
    facts: int = 1


ROWS = {f"{rows}-{name}": "0" for rows in ("rate_limits", "quotas") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
TERMS = {"grace_days": "7", "token_ttl_seconds": "60", "device_policy": "none", "seat_policy": "none", **ROWS}
OVERRIDES = {"whose_scopes": "own", "scopes": "a", "whose_rate_limits": "plan", "whose_quotas": "plan", **ROWS}
HASH = hashlib.sha256(b"made elsewhere").hexdigest()

# In this order: what is written first is there for what comes after. What is sold changes the catalog too.
WRITES: dict[str, Write] = {
    "new_product": Write({"name": "New", "code": "new"}),
    "product_change": Write({"name": "Other", "audience": "other"}),
    "product_removal": Write({}),
    "new_feature": Write({"name": "New", "code": "new", "kind": "boolean"}, facts=0),
    "feature_change": Write({"name": "Other"}, facts=0),
    "feature_removal": Write({}, facts=0),
    "new_meter": Write({"name": "New", "code": "new", "aggregation": "sum"}),
    "meter_change": Write({"name": "Other", "stripe_event_name": "other"}),
    "meter_removal": Write({}),
    "new_customer": Write({"name": "New", "external_id": "new"}),
    "customer_change": Write({"name": "Other", "external_id": "sample"}),
    "new_plan": Write({"name": "New", "code": "new", **TERMS}, facts=2),
    "plan_change": Write({"name": "Starter", "scopes": "a\nb", **TERMS}),
    "plan_publication": Write({"apply_to": "all"}, facts=2),
    "new_license": Write({"customer": "sample", "plan": "new", "quantity": "1"}),
    "license_change": Write({"quantity": "2"}),
    "license_overrides": Write(OVERRIDES),
    "license_renewal": Write({"expires_at": "2090-01-01T00:00"}),
    "license_plan": Write({"plan": "new"}),
    "license_suspension": Write({"reason": "unpaid"}),
    "license_reinstatement": Write({}),
    "new_key": Write({"name": "From a page", "key_prefix": "demo"}),
    "key_import": Write({"hashes": HASH}, facts=2),  # the environment is told that there are imported ones
    "key_change": Write({"name": "Other", "whose_scopes": "license"}),
    "key_suspension": Write({"reason": "odd calls"}),
    "key_reinstatement": Write({}),
    "key_rotation": Write({"overlap": "1", "unit": "day"}, facts=2),
    "key_revocation": Write({"reason": "leaked"}),
    "license_revocation": Write({"reason": "fraud"}),
    "new_secret_key": Write({"name": "From a page", "scopes": "verify"}),
    "secret_key_change": Write({"name": "Other", "scopes": "verify"}),
    "secret_key_revocation": Write({}),
    "new_environment": Write({"name": "Staging", "kind": "test", "on_outage": "deny", "stale_seconds": "60"}, facts=2),
    "environment_change": Write({"name": "Other", "on_outage": "allow", "stale_seconds": "30"}),
    "stripe_connecting": Write({"api_key": "rk_test_nobody12345678"}, facts=0),
    "stripe_change": Write({"webhook_secret": "whsec_another123"}, facts=0),
    "stripe_resync": Write({}, facts=0),
    "stripe_ending": Write({}, facts=0),
    "audit_verification": Write({}, facts=0),
}
READS = {
    *("licenses", "license", "key", "customers", "customer", "plans", "plan", "plan_version"),
    *("license_usage", "license_decisions", "key_usage", "key_decisions"),
    *("products", "product", "features", "feature", "meters", "meter"),
    *("secret_keys", "secret_key", "stripe", "events", "jobs"),
}
READS_OF_ORGANIZATION = {"environments", "audit_log", "audit_entry", "system_status"}  # not for viewers
READS_OF_OTHERS = {"job"}  # that of `subjects` verifies the audit log: to viewers there is no such job
ELSEWHERE = {"home", "account", "organization", "invitation"}
REMOVALS = {"product_removal", "feature_removal", "meter_removal"}


def forms(place: Place) -> dict[str, dict[str, str]]:
    """What is typed, each into its own form."""
    typed = {name: {**write.form, "once": f"a-token-of-{name}-"} for name, write in WRITES.items()}
    typed["new_plan"]["product"] = place.api.get("/v1/products?code=api").json()["data"][0]["id"]
    return typed


def last_request(place: Place) -> str | None:
    """The one that the newest audit entry names."""
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        newest: AuditEntry = AuditEntry.objects.of_organization(organization).latest("id")
    return newest.request_id


def counts(place: Place) -> tuple[int, int]:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        audited = AuditEntry.objects.of_organization(organization).filter(actor_kind="member").count()
        return audited, OutboxEntry.objects.of_organization(organization).count()


def test_every_page_is_known_to_write_or_to_read() -> None:
    names = {str(pattern.name) for pattern in patterns()}
    assert names == READS | READS_OF_ORGANIZATION | READS_OF_OTHERS | set(WRITES)
    assert {pattern.name for pattern in urlpatterns if hasattr(pattern, "name")} == ELSEWHERE


def test_a_post_leaves_one_audit_entry_and_tells_the_facts_it_changed_and_once_is_enough(
    place: Place, member: Client, new_shop: Callable[..., Shop]
) -> None:
    pages, typed = addresses(place, subjects(place)), forms(place)
    typed["stripe_connecting"]["api_key"] = new_shop().account.api_key
    for name, write in WRITES.items():
        before = counts(place)
        asked = member.get(pages[name])
        assert (asked.status_code, counts(place)) == (200, before), name
        first = member.post(pages[name], typed[name])
        assert first.status_code in (201, 302), (name, first.content.decode())
        assert counts(place) == (before[0] + 1, before[1] + write.facts), name
        assert last_request(place) == first.headers["Request-Id"], name
        if name not in REMOVALS:  # what is gone has no page any more
            again = member.post(pages[name], typed[name])
            assert outcome(again) == outcome(first), name
            assert counts(place) == (before[0] + 1, before[1] + write.facts), name


def outcome(answer: Any) -> tuple[int, str, str]:
    """Where it leads, or the secret that it shows."""
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode().partition("<code>")[2][:60]


def test_a_post_without_its_csrf_field_changes_nothing(place: Place) -> None:
    strict = browser_of(owner_of(place), checks_csrf=True)
    pages, typed = addresses(place, subjects(place)), forms(place)
    before = counts(place)
    for name in WRITES:
        assert strict.post(pages[name], typed[name]).status_code == 403
    assert counts(place) == before


def test_who_may_only_look_sees_every_page_and_changes_nothing(place: Place) -> None:
    viewer = browser_of(another_member(place, "viewer"))
    pages, typed = addresses(place, subjects(place)), forms(place)
    before = counts(place)
    acts = {pages[name] for name in WRITES}
    for name in READS:
        seen = viewer.get(pages[name])
        assert seen.status_code == 200, name
        assert [act for act in acts if f'"{act}"' in seen.content.decode()] == [], name
    for name in READS_OF_ORGANIZATION:
        assert viewer.get(pages[name]).status_code == 403, name
    for name in READS_OF_OTHERS:
        assert viewer.get(pages[name]).status_code == 404, name
    for name in WRITES:
        assert viewer.get(pages[name]).status_code == 403, name
        assert viewer.post(pages[name], typed[name]).status_code == 403, name
    assert counts(place) == before


def test_a_stranger_signs_in_first(place: Place) -> None:
    stranger = Client(headers={"host": "127.0.0.1"})
    for name, page in addresses(place, subjects(place)).items():
        assert stranger.get(page).headers["Location"].startswith("/accounts/login/"), name
        if name in WRITES:
            assert stranger.post(page).headers["Location"].startswith("/accounts/login/"), name


def test_another_tenants_objects_are_not_there(place: Place, member: Client, new_place: Callable[[], Place]) -> None:
    other = new_place()
    theirs = subjects(other)
    before = counts(other)
    named = {str(pattern.name) for pattern in patterns() if pattern.pattern.converters}
    here = {name: page for name, page in addresses(place, theirs).items() if name in named}
    for pages in (here, addresses(other, theirs)):
        for name, page in pages.items():
            assert member.get(page).status_code == 404, page
            assert member.post(page, WRITES[name].form if name in WRITES else {}).status_code in (404, 405), page
    assert counts(other) == before
