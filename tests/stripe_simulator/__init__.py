"""A Stripe of one's own on 127.0.0.1, to test against through the unmodified stripe-python.

    with simulator() as stripe:
        account = stripe.new_account()
        client = StripeClient(account.api_key, base_addresses={"api": stripe.url}, max_network_retries=0)
        client.v1.customers.create({"name": "Ada", "payment_method": "pm_card_visa"})
        account.clock.advance(86_400)         # virtual time: what is due on the way happens in order
        account.people.card_fails(customer)   # what customers, banks and the dashboard do
        stripe.deliver()                      # sends the webhooks that are due, in this thread

Time stands still and webhooks wait until the test says so, so that a test says what happens when; `stripe.live()`
lets both run by themselves, as `python -m tests.stripe_simulator --port 12111` does. Other processes reach the same
handles under `/_sim/…` (see `api/control.py`).

What can go wrong: `stripe.faults.add("429", "GET /v1/subscriptions", retry_after=2, times=1)`, `"500 before"`,
`"500 after"` (it was done nevertheless), `"hang"`, `"reset"`, `"reset after"`, each for a route or for all, always or
at a `rate`; `stripe.goes_down()`. For webhooks `stripe.webhooks.faults` has `drop`, `copies`, `window`, `delayed`,
`forged` and `foreign`; `stripe.replays(delivery)` and
`stripe.send_event(account, event, secrets=[…], changes={"livemode": True}, signed_at=…)` send what is old or forged.
`stripe.requests("GET /v1/subscriptions")` says how often something was asked for.

One simulator may serve many tests, each with an account of its own: `faults.add(…, account=account.id)`,
`goes_down(account)`, `requests(route, account)`, `deliver(of=account)`, `webhooks.faults_of(account)` touch no other.

It cannot drift into fiction: requests and answers are checked against the installed stripe-python (`sdk_types/`). What
Stripe would refuse is refused; what Stripe could not have said, and what is not simulated, fails the test at the end.

Where to find things: `api/` is HTTP and Stripe's manners, `resources/` one module per family of operations,
`subscriptions/` how they live (`status.py`, `due.py`, `periods.py`, `pricing.py` are pure), `webhooks/` the post.
"""

from tests.stripe_simulator.account import DAY, Account, Dunning
from tests.stripe_simulator.simulator import Simulator, StripeAccount, simulator

__all__ = ["DAY", "Account", "Dunning", "Simulator", "StripeAccount", "simulator"]
