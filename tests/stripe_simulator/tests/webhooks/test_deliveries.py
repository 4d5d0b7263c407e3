"""Webhooks: what is sent, when, and what goes wrong."""

import json
from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY, Simulator, simulator
from tests.stripe_simulator.tests.receiver import Receiver
from tests.stripe_simulator.tests.shop import Shop

UPDATED = "customer.updated"
HOUR = 3600


def listen(shop: Shop, receiver: Receiver, *kinds: str, **more: Any) -> Any:
    events = list(kinds) or ["customer.created", UPDATED]
    return shop.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": events, **more})


def types_of(receiver: Receiver) -> list[str]:
    return [json.loads(body)["type"] for body in receiver.bodies]


def test_the_secret_is_shown_once(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver)
    assert made.secret.startswith("whsec_")
    assert "secret" not in shop.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in shop.v1.webhook_endpoints.list({}).data[0]


def test_an_endpoint_gets_what_it_asked_for_signed_and_in_its_version(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver, UPDATED, api_version="2025-09-30.clover")
    customer = shop.customer()
    shop.v1.customers.update(customer, {"name": "Bob"})
    assert receiver.bodies == []
    (sent,) = shop.stripe.deliver()
    assert sent.is_delivered
    event = receiver.event(0, made.secret)
    assert (event.type, event.api_version, event.livemode) == (UPDATED, "2025-09-30.clover", False)
    assert event.data.object["name"] == "Bob"
    assert event.created == shop.account.clock.now
    with pytest.raises(sdk.SignatureVerificationError):
        receiver.event(0, "whsec_other")
    assert shop.stripe.deliver() == []


def test_a_failed_attempt_is_made_again_with_a_new_signature(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    receiver.status = 500
    shop.customer()
    shop.stripe.deliver()
    assert shop.stripe.deliver() == []
    assert shop.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1
    shop.account.clock.advance(HOUR)
    receiver.status = 200
    (again,) = shop.stripe.deliver()
    assert again.statuses == [500, 200]
    assert types_of(receiver) == ["customer.created"] * 2
    assert shop.v1.events.list({"delivery_success": False}).data == []


@pytest.mark.parametrize(("livemode", "attempts"), [(False, 3), (True, 10)])
def test_stripe_gives_up_after_a_while(stripe: Simulator, receiver: Receiver, livemode: bool, attempts: int) -> None:  # noqa: FBT001 - a parameter of the test
    with Shop(stripe, stripe.new_account(livemode=livemode)).open() as shop:
        listen(shop, receiver)
        receiver.status = 503
        shop.customer()
        for _ in range(30):
            stripe.deliver()
            shop.account.clock.advance(12 * HOUR)
    assert len(receiver.bodies) == attempts
    assert stripe.webhooks.waiting() == []


def test_signatures_are_made_when_they_are_sent(receiver: Receiver) -> None:
    moments = iter([1000, 2000])
    with simulator(signs_at=lambda: next(moments)) as stripe, Shop(stripe).open() as shop:
        listen(shop, receiver)
        shop.customer()
        shop.customer()
        stripe.deliver()
    assert [mark.split(",")[0] for mark in receiver.signatures] == ["t=1000", "t=2000"]


def test_a_rolled_secret_overlaps_with_the_old_one(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver)
    new = shop.account.people.rolls_webhook_secret(made.id, overlap_seconds=HOUR)
    shop.customer()
    shop.stripe.deliver()
    assert receiver.event(0, made.secret).id == receiver.event(0, new).id
    shop.account.clock.advance(HOUR)
    shop.customer()
    shop.stripe.deliver()
    assert receiver.event(1, new).type == "customer.created"
    with pytest.raises(sdk.SignatureVerificationError):
        receiver.event(1, made.secret)


def test_disabled_and_deleted_endpoints_get_nothing_more(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver)
    shop.customer()
    assert shop.v1.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    shop.stripe.deliver()
    shop.v1.webhook_endpoints.update(made.id, {"disabled": False, "enabled_events": [UPDATED]})
    shop.customer()
    shop.stripe.deliver()
    assert shop.v1.webhook_endpoints.delete(made.id).deleted
    assert receiver.bodies == []


def test_the_post_loses_repeats_and_mixes(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    faults = shop.stripe.webhooks.faults
    faults.drop, faults.copies, faults.window = 0.3, 3, 20
    for _ in range(40):
        shop.customer()
    told = [event["id"] for event in shop.account.all("event") if event["type"] == "customer.created"]
    shop.stripe.deliver()
    seen = [json.loads(body)["id"] for body in receiver.bodies]
    assert len(seen) == 3 * (40 - faults.struck["dropped"])
    assert 0 < faults.struck["dropped"] < 40
    assert all(seen.count(each) == 3 for each in seen)
    firsts = list(dict.fromkeys(seen))
    assert firsts != [each for each in told if each in firsts]


def test_the_post_is_late(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    shop.stripe.webhooks.faults.delayed, shop.stripe.webhooks.faults.delay_seconds = 1.0, (DAY, 2 * DAY)
    shop.customer()
    assert shop.stripe.deliver() == []
    shop.pass_days(2)
    assert len(shop.stripe.deliver()) == 1


def test_deliveries_are_let_out_one_by_one(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    for _ in range(3):
        shop.customer()
    assert len(shop.stripe.deliver(1)) == 1
    newest = shop.stripe.webhooks.waiting()[-1]
    assert shop.stripe.webhooks.send(newest) == 200
    assert len(receiver.bodies) == 2
    assert len(shop.stripe.deliver(at_once=4)) == 1


def test_what_is_forged_or_old_can_be_sent(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver)
    shop.customer()
    event = shop.account.all("event")[-1]
    shop.stripe.send_event(shop.account, event, secrets=["whsec_wrong"])
    shop.stripe.send_event(shop.account, event, signed_at=1000)
    shop.stripe.send_event(shop.account, event, tampered=lambda body: body + b" ")
    for number in range(3):
        with pytest.raises(sdk.SignatureVerificationError):
            receiver.event(number, made.secret)
    shop.stripe.send_event(shop.account, event, changes={"livemode": True, "account": "acct_other"})
    forged = receiver.event(3, made.secret)
    assert (forged.livemode, forged.account) == (True, "acct_other")


def test_what_was_sent_is_replayed_as_it_was(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    shop.customer()
    (sent,) = shop.stripe.deliver()
    assert shop.stripe.replays(sent) == 200
    assert receiver.bodies[0] == receiver.bodies[1]
    assert receiver.signatures[0] == receiver.signatures[1]


def test_strangers_write_too(shop: Shop, receiver: Receiver) -> None:
    made = listen(shop, receiver)
    shop.stripe.webhooks.faults.forged = shop.stripe.webhooks.faults.foreign = 1.0
    shop.customer()
    shop.stripe.deliver()
    with pytest.raises(sdk.SignatureVerificationError):
        receiver.event(0, made.secret)
    assert receiver.event(1, made.secret).account == "acct_foreign"
    assert "account" not in receiver.event(2, made.secret)
    assert shop.stripe.webhooks.faults.struck == {"forged": 1, "foreign": 1}


def test_nobody_listens(shop: Shop) -> None:
    shop.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hooks", "enabled_events": ["*"]})
    shop.customer()
    assert {status for sent in shop.stripe.deliver() for status in sent.statuses} == {0}


def test_it_lives_by_itself(shop: Shop, receiver: Receiver) -> None:
    listen(shop, receiver)
    shop.stripe.live()
    shop.customer()
    while not receiver.bodies:
        pass
    assert types_of(receiver) == ["customer.created"]


@pytest.mark.parametrize("url", ["ftp://x.example/hooks", "hooks"])
def test_an_url_must_be_one(shop: Shop, url: str) -> None:
    with pytest.raises(sdk.InvalidRequestError) as refused:
        shop.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    assert refused.value.code == "url_invalid"


def test_the_post_of_one_account_is_its_own(shop: Shop, receiver: Receiver) -> None:
    with Shop(shop.stripe).open() as other:
        for each in (shop, other):
            listen(each, receiver)
        shop.stripe.webhooks.faults_of(other.account).drop = 1.0
        shop.customer()
        other.customer()
        assert shop.stripe.deliver(of=other.account) == []
        assert len(shop.stripe.deliver(of=shop.account)) == 1
