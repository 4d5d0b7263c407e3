"""Every write route leaves exactly one audit entry and, where a fact changed, one outbox entry; so does the seed."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from dashboard.management.routes import routes
from tenants.models import AuditEntry, OutboxEntry
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.places import Place

SAFE = {"get", "head", "options"}


class Case(NamedTuple):
    """How to call a route so that it changes something; `tells` if the data plane must know."""

    body: Callable[[Place], dict[str, Any]]
    tells: bool
    subject: str = ""
    facts: int = 1


def named(**more: Any) -> Callable[[Place], dict[str, Any]]:
    return lambda place: {"code": "new", "name": "New", **more}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def nothing(place: Place) -> dict[str, Any]:
    return {}


REASON = {"reason": "r"}
CASES: dict[tuple[str, str], Case] = {
    ("post", "v1/products"): Case(named(), tells=True),
    ("patch", "v1/products/{}"): Case(lambda place: {"name": "Other"}, tells=True, subject="product"),
    ("delete", "v1/products/{}"): Case(nothing, tells=True, subject="product"),
    ("post", "v1/features"): Case(named(kind="boolean"), tells=False),
    ("patch", "v1/features/{}"): Case(lambda place: {"name": "Other"}, tells=False, subject="feature"),
    ("delete", "v1/features/{}"): Case(nothing, tells=False, subject="feature"),
    ("post", "v1/meters"): Case(named(aggregation="sum"), tells=True),
    ("patch", "v1/meters/{}"): Case(lambda place: {"unit": "GB"}, tells=True, subject="meter"),
    ("delete", "v1/meters/{}"): Case(nothing, tells=True, subject="meter"),
    ("post", "v1/plans"): Case(
        lambda place: {"code": "new", "name": "New", "product": product_of(place)}, tells=True, facts=2
    ),
    ("patch", "v1/plans/{}"): Case(lambda place: {"scopes": ["other"]}, tells=True, subject="plan"),
    ("post", "v1/plans/{}/publication"): Case(lambda place: {"apply_to": "all"}, tells=True, subject="plan", facts=2),
    ("post", "v1/customers"): Case(lambda place: {"name": "New"}, tells=True),
    ("patch", "v1/customers/{}"): Case(lambda place: {"external_id": "other"}, tells=True, subject="customer"),
    ("post", "v1/licenses"): Case(
        lambda place: {"customer": place.sample["customer"], "plan": place.sample["plan"]}, tells=True
    ),
    ("patch", "v1/licenses/{}"): Case(lambda place: {"quantity": 7}, tells=True, subject="license"),
    ("post", "v1/licenses/{}/renewal"): Case(lambda place: {"expires_at": LATER}, tells=True, subject="license"),
    ("put", "v1/licenses/{}/plan"): Case(lambda place: {"plan": other_plan(place)}, tells=True, subject="license"),
    ("post", "v1/licenses/{}/suspension"): Case(lambda place: REASON, tells=True, subject="license"),
    ("delete", "v1/licenses/{}/suspension"): Case(nothing, tells=True, subject="license"),
    ("post", "v1/keys"): Case(lambda place: {"license": place.sample["license"]}, tells=True),
    ("patch", "v1/keys/{}"): Case(lambda place: {"allowed_ips": ["203.0.113.0/24"]}, tells=True, subject="key"),
    ("post", "v1/keys/{}/suspension"): Case(lambda place: REASON, tells=True, subject="key"),
    ("delete", "v1/keys/{}/suspension"): Case(nothing, tells=True, subject="key"),
    ("post", "v1/keys/{}/rotation"): Case(lambda place: {"overlap_seconds": 60}, tells=True, subject="key", facts=2),
    ("post", "v1/keys/{}/revocation"): Case(nothing, tells=True, subject="key"),
    ("post", "v1/keys/import"): Case(
        lambda place: {
            "keys": [{"license": place.sample["license"], "hash": sha256("k"), "hash_format": "sha256-hex"}]
        },
        tells=True,
        facts=2,  # the key, and the environment that has imported keys from now on
    ),
    ("post", "v1/licenses/{}/revocation"): Case(nothing, tells=True, subject="license"),
    ("post", "v1/stripe_connection"): Case(
        lambda place: {"api_key": place.sample.get("stripe_key", "rk_test_nobody1234567890")}, tells=False
    ),
    ("patch", "v1/stripe_connection"): Case(lambda place: {"webhook_secret": "whsec_another1"}, tells=False),
    ("post", "v1/stripe_connection/resync"): Case(nothing, tells=False),
    ("post", "v1/checkout_sessions"): Case(
        lambda place: {"plan": other_plan(place), "customer": place.sample["customer"], **LEADING}, tells=False
    ),
    ("post", "v1/portal_sessions"): Case(
        lambda place: {"customer": place.sample["customer"], "return_url": "https://example.com"}, tells=False
    ),
    ("delete", "v1/stripe_connection"): Case(nothing, tells=False),
    ("post", "v1/secret_keys"): Case(lambda place: {"name": "New", "scopes": ["verify"]}, tells=True),
    ("patch", "v1/secret_keys/{}"): Case(lambda place: {"name": "Renamed"}, tells=True, subject="secret_key"),
    ("delete", "v1/secret_keys/{}"): Case(nothing, tells=True, subject="secret_key"),
    ("post", "v1/environments"): Case(lambda place: {"name": "Staging", "kind": "test"}, tells=True, facts=2),
    ("patch", "v1/environments/{}"): Case(lambda place: {"on_outage": "allow"}, tells=True, subject="environment"),
    ("post", "v1/audit_log/verification"): Case(nothing, tells=False),
    ("post", "v1/invitations"): Case(lambda place: {"email": "new@example.com", "role": "viewer"}, tells=False),
    ("post", "v1/invitations/{}/sending"): Case(nothing, tells=False, subject="invitation"),
    ("delete", "v1/invitations/{}"): Case(nothing, tells=False, subject="invitation"),
    ("patch", "v1/members/{}"): Case(lambda place: {"role": "billing"}, tells=False, subject="member"),
    ("delete", "v1/members/{}"): Case(nothing, tells=False, subject="member"),
}
LEADING: dict[str, Any] = {"success_url": "https://example.com/ok", "cancel_url": "https://example.com/no"}
LATER = "2099-01-01T00:00:00Z"


def other_plan(place: Place) -> str:
    """One more, made without a trace in the counts: before them."""
    return place.sample["other_plan"]


def product_of(place: Place) -> str:
    product: str = place.api.get("/v1/products").json()["data"][0]["id"]
    return product


def write_routes() -> set[tuple[str, str]]:
    """Every method and path of the management API that is not a read, from the URLconf itself."""
    known = {(route.method.lower(), route.path) for route in routes()}
    return {(method, path) for method, path in known if method not in {*SAFE, "page"}}


def test_every_write_route_is_walked_below() -> None:
    assert sorted(write_routes()) == sorted(CASES)


def counts(place: Place) -> tuple[int, int]:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        audited = AuditEntry.objects.of_organization(organization).count()
        return audited, OutboxEntry.objects.of_organization(organization).count()


def test_a_write_leaves_one_audit_entry_and_one_outbox_entry_if_a_fact_changed(
    place: Place, new_shop: Callable[..., Shop]
) -> None:
    shop = new_shop()
    place.sample["stripe_key"] = shop.account.api_key
    secret_key = place.post("secret_keys", {"name": "Other", "scopes": ["verify"]})["id"]
    place.api.patch(f"/v1/plans/{place.sample['plan']}", json={"scopes": ["reports:read"]}).raise_for_status()
    place.sample["other_plan"] = place.post(
        "plans", {**named()(place), "code": "b", "product": product_of(place), "stripe_price_ids": [shop.new_price()]}
    )["id"]
    subjects = {**place.sample, "secret_key": secret_key, "environment": place.environment.public_id}
    subjects["member"] = place.member("viewer").public_id
    subjects["invitation"] = place.post("invitations", {"email": "first@example.com", "role": "viewer"})["id"]
    for resource, more in (("product", {}), ("feature", {"kind": "boolean"}), ("meter", {"aggregation": "sum"})):
        subjects[resource] = place.post(f"{resource}s", {"code": "a", "name": "A", **more})["id"]
    for (method, path), case in CASES.items():
        before = counts(place)
        url = "/" + path.format(subjects.get(case.subject, ""))
        content = case.body(place)
        answer = place.api.request(method, url, json=content if method != "delete" else None)
        assert answer.is_success, (method, path, answer.text)
        after = counts(place)
        grown = after[0] - before[0], after[1] - before[1]
        assert grown == (1, case.facts if case.tells else 0), (method, path, grown)
        assert ("Licet-Revision" in answer.headers) >= case.tells, (method, path)


def test_a_refused_write_leaves_nothing(place: Place) -> None:
    before = counts(place)
    for method, path in CASES:
        answer = place.api.request(method, "/" + path.format("nope"), json={"unheard": "of"})
        assert answer.status_code in (400, 404), (method, path, answer.text)
    assert counts(place) == before


def test_repeating_a_move_changes_nothing(place: Place) -> None:
    moves = [
        ("POST", f"licenses/{place.sample['license']}/suspension"),
        ("DELETE", f"licenses/{place.sample['license']}/suspension"),
        ("POST", f"keys/{place.sample['key']}/revocation"),
        ("POST", f"licenses/{place.sample['license']}/revocation"),
        ("POST", f"plans/{place.sample['plan']}/publication"),
    ]
    for method, path in moves:
        body = {"apply_to": "new"} if "publication" in path else None if method == "DELETE" else {}
        first = place.api.request(method, f"/v1/{path}", json=body)
        before = counts(place)
        second = place.api.request(method, f"/v1/{path}", json=body)
        assert (first.status_code, second.status_code) == (200, 200)
        assert counts(place) == before


def test_the_seed_went_through_actions_too(place: Place) -> None:
    """`place` was made as the demo is: every row has its audit entry, every fact its outbox entry."""
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        audited = list(AuditEntry.objects.of_organization(organization).order_by("id").values_list("action", flat=True))
        told = list(OutboxEntry.objects.of_organization(organization).order_by("id").values_list("kind", flat=True))
    assert sorted(audited) == [
        *("customer.created", "feature.created", "key.created", "license.created", "organization.created"),
        *("plan.created", "product.created", "secret_key.issued"),
    ]
    assert sorted(told) == [
        *(["catalog"] * 4),  # one for each of two environments, one for the product, one for the plan
        *("customer", "environment", "environment", "key", "license", "plan", "secret_key"),
    ]
