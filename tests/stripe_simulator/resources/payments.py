"""Payment intents, charges, refunds and disputes."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import envelope, listed, matching
from tests.stripe_simulator.api.params import merge_metadata, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import invalid


@answers("get", "/v1/payment_intents/{intent}")
def retrieve_intent(call: Call) -> Object:
    return call.account.find("payment_intent", call.ids[0])


@answers("get", "/v1/payment_intents")
def list_intents(call: Call) -> Object:
    only_simulated(call.params, {"created", "customer", "ending_before", "expand", "limit", "starting_after"})
    return listed(call, matching(call, call.account.all("payment_intent"), "customer"))


@answers("get", "/v1/charges/{charge}")
def retrieve_charge(call: Call) -> Object:
    return call.account.find("charge", call.ids[0])


@answers("get", "/v1/charges")
def list_charges(call: Call) -> Object:
    names = {"created", "customer", "ending_before", "expand", "limit", "payment_intent", "starting_after"}
    only_simulated(call.params, names)
    return listed(call, matching(call, call.account.all("charge"), "customer", "payment_intent"))


# Refunds


def refund(account: Account, charge: Object, amount: int | None, reason: str | None, metadata: Object) -> Object:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded" or left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        message = f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge (${left / 100:.2f})"
        raise invalid(message, "amount")
    made = account.insert(
        "refund",
        "re",
        "refund.created",
        amount=amount,
        charge=charge["id"],
        created=account.clock_of(charge).now,
        currency=charge["currency"],
        destination_details={"type": "card", "card": {"type": "refund", "reference_status": "pending"}},
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="succeeded",
    )
    with account.changing(charge, "charge.refunded"):
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    return made


@answers("post", "/v1/refunds")
def create_refund(call: Call) -> Object:
    only_simulated(call.params, {"amount", "charge", "expand", "metadata", "payment_intent", "reason"})
    account, params = call.account, call.params
    if ("charge" in params) == ("payment_intent" in params):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    charge_id, param = params.get("charge"), "charge"
    if charge_id is None:
        param = "payment_intent"
        charge_id = account.find("payment_intent", params[param], param)["latest_charge"] or ""
    charge = account.find("charge", charge_id, param)
    return refund(account, charge, params.get("amount"), params.get("reason"), params.get("metadata") or {})


@answers("get", "/v1/refunds/{refund}")
def retrieve_refund(call: Call) -> Object:
    return call.account.find("refund", call.ids[0])


@answers("get", "/v1/refunds")
def list_refunds(call: Call) -> Object:
    names = {"charge", "created", "ending_before", "expand", "limit", "payment_intent", "starting_after"}
    only_simulated(call.params, names)
    return listed(call, matching(call, call.account.all("refund"), "charge", "payment_intent"))


def _refunds(account: Account, charge: Object) -> Object:
    made = [each for each in reversed(account.all("refund")) if each["charge"] == charge["id"]]
    return envelope(made[:10], f"/v1/charges/{charge['id']}/refunds", has_more=len(made) > 10)


INCLUDABLE["charge", "refunds"] = _refunds


# Disputes


def open_dispute(account: Account, charge: Object, reason: str, *, status: str) -> Object:
    now = account.clock_of(charge).now
    made = account.insert(
        "dispute",
        "du",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": now + 9 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_method": "not_submitted",
            "submission_count": 0,
        },
        is_charge_refundable=status.startswith("warning_"),
        payment_intent=charge["payment_intent"],
        reason=reason,
        status=status,
    )
    with account.changing(charge):
        charge["disputed"] = True
    account.tell("charge.dispute.created", made)
    if not status.startswith("warning_"):
        account.tell("charge.dispute.funds_withdrawn", made)
    return made


def close_dispute(account: Account, dispute: Object, status: str) -> None:
    with account.changing(dispute, "charge.dispute.closed"):
        dispute["status"] = status
    if status == "won":
        account.tell("charge.dispute.funds_reinstated", dispute)


@answers("get", "/v1/disputes/{dispute}")
def retrieve_dispute(call: Call) -> Object:
    return call.account.find("dispute", call.ids[0])


@answers("get", "/v1/disputes")
def list_disputes(call: Call) -> Object:
    names = {"charge", "created", "ending_before", "expand", "limit", "payment_intent", "starting_after"}
    only_simulated(call.params, names)
    return listed(call, matching(call, call.account.all("dispute"), "charge", "payment_intent"))


@answers("post", "/v1/disputes/{dispute}")
def update_dispute(call: Call) -> Object:
    only_simulated(call.params, {"expand", "metadata", "submit"})
    dispute = call.account.find("dispute", call.ids[0])
    with call.account.changing(dispute, "charge.dispute.updated"):
        merge_metadata(dispute, call.params)
        if call.params.get("submit"):
            dispute["status"] = "under_review"
    return dispute


@answers("post", "/v1/disputes/{dispute}/close")
def give_in(call: Call) -> Object:
    dispute = call.account.find("dispute", call.ids[0])
    close_dispute(call.account, dispute, "lost")
    return dispute
