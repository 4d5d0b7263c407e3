"""`/_sim/…`: how other processes, and people with a browser, do what the Python handles do."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api.messages import Answer, Request
from tests.stripe_simulator.refusals import StripeRefusal, missing

if TYPE_CHECKING:
    from tests.stripe_simulator.simulator import Simulator, StripeAccount

ACTS = {
    *("gives_card", "card_fails", "card_works", "pays", "completes_checkout", "cancels", "opens_dispute"),
    *("closes_dispute", "refunds", "changes_subscription", "rolls_webhook_secret", "charge_of"),
}


def answer(simulator: Simulator, request: Request) -> Answer:
    path = urlsplit(request.url).path
    parts = path.removeprefix("/_sim/").split("/")
    if parts[0] in ("checkout", "portal"):
        return _page(simulator, request, parts)
    sent = json.loads(request.body or b"{}")
    try:
        done = _done(simulator, request.method, parts, sent)
    except StripeRefusal as refusal:
        return Answer(refusal.status, json.dumps(refusal.as_json("")).encode())
    return Answer(200, json.dumps(done).encode())


def _done(simulator: Simulator, method: str, parts: list[str], sent: Object) -> Any:
    if parts[0] == "accounts" and parts[1:]:
        account = simulator.accounts.get(parts[1])
        if account is None:
            raise missing("account", parts[1])
        return _of_account(account, method, parts[2:], sent)
    does = ACTIONS.get((method, parts[0]))
    if does is None:
        raise StripeRefusal(404, f"The simulator has no {method} /_sim/{'/'.join(parts)}")
    return does(simulator, sent)


def _of_account(account: StripeAccount, method: str, parts: list[str], sent: Object) -> Any:
    match method, parts:
        case "GET", []:
            return {"id": account.id, "api_key": account.api_key, "now": account.clock.now, "tables": account.tables}
        case "POST", ["clock"]:
            return {"now": account.clock.advance(sent.get("seconds", 0), to=sent.get("to"))}
        case "POST", ["acts", act] if act in ACTS:
            return getattr(account.people, act)(**sent)
    raise StripeRefusal(404, f"The simulator has no {method} {'/'.join(parts)} of accounts")


def _new_account(simulator: Simulator, sent: Object) -> Object:
    made = simulator.new_account(**sent)
    return {"id": made.id, "api_key": made.api_key}


def _deliver(simulator: Simulator, sent: Object) -> list[Object]:
    return [{"event": each.event["id"], "statuses": each.statuses} for each in simulator.deliver(sent.get("most"))]


def _disturb_post(simulator: Simulator, sent: Object) -> Object:
    for name, value in sent.items():
        setattr(simulator.webhooks.faults, name, value)
    return sent


def _calm(simulator: Simulator, _sent: Object) -> Object:
    simulator.faults.clear()
    simulator.webhooks.faults.clear()
    return {}


ACTIONS: dict[tuple[str, str], Callable[[Simulator, Object], Any]] = {
    ("POST", "accounts"): _new_account,
    ("POST", "deliver"): _deliver,
    ("POST", "faults"): lambda simulator, sent: asdict(simulator.faults.add(**sent)),
    ("POST", "webhook_faults"): _disturb_post,
    ("DELETE", "faults"): _calm,
    ("GET", "requests"): lambda simulator, _sent: dict(simulator.faults.requests),
}


# Pages: what Stripe's own would let a customer do, with as little as possible.


def _page(simulator: Simulator, request: Request, parts: list[str]) -> Answer:
    table = {"checkout": "checkout.session", "portal": "billing_portal.session"}[parts[0]]
    for account in simulator.accounts.values():
        session = account.tables.get(table, {}).get(parts[1])
        if session is not None:
            if request.method == "GET":
                show = _checkout_page if parts[0] == "checkout" else _portal_page
                return Answer(200, show(account, session).encode(), {"Content-Type": "text/html; charset=utf-8"})
            sent = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            return Answer(303, b"", {"Location": _acted(simulator, account, session, sent)})
    return Answer(404, b"no such session", {"Content-Type": "text/plain"})


def _acted(simulator: Simulator, account: Account, session: Object, sent: dict[str, str]) -> str:
    people = simulator.accounts[account.id].people
    if session["object"] == "checkout.session":
        people.completes_checkout(session["id"], **sent)
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    people.cancels(sent["subscription"])
    return str(session["return_url"] or session["url"])


def _checkout_page(account: Account, session: Object) -> str:
    lines = "".join(
        f"<li>{html.escape(item['description'])} x {item['quantity']}: {item['amount_total']} {item['currency']}</li>"
        for item in account.private[session["id"]]["items"]
    )
    email = html.escape(session["customer_email"] or "buyer@example.com")
    return _whole(
        "Simulated checkout",
        f"<ul>{lines}</ul><form method=post><label>E-mail <input name=email value='{email}'></label> "
        f"<button>Pay</button></form><a href='{html.escape(session['cancel_url'] or '#')}'>Back</a>",
    )


def _portal_page(account: Account, session: Object) -> str:
    held = [each for each in account.all("subscription") if each["customer"] == session["customer"]]
    forms = "".join(
        f"<li>{each['id']} {each['status']} <form method=post><input type=hidden name=subscription "
        f"value='{each['id']}'><button>Cancel at period end</button></form></li>"
        for each in held
    )
    return _whole("Simulated portal", f"<ul>{forms}</ul><a href='{html.escape(session['return_url'] or '#')}'>Back</a>")


def _whole(title: str, body: str) -> str:
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}</html>"
