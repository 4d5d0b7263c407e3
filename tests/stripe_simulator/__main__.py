"""`python -m tests.stripe_simulator --port 12111`: a process of its own, in which time flows and webhooks are sent."""

import argparse
import json
import signal
import threading

from tests.stripe_simulator.simulator import simulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.stripe_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    parser.add_argument("--held", action="store_true", help="time and webhooks move by /_sim/ alone")
    asked = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with simulator(port=asked.port) as stripe:
        account = stripe.new_account()
        if not asked.held:
            stripe.live()
        print(json.dumps({"url": stripe.url, "account": account.id, "api_key": account.api_key}), flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
