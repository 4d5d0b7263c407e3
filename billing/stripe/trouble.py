"""What asking Stripe may come to besides an answer."""


class StripeTrouble(Exception):
    """Stripe did not do what it was asked for; the message is fit to be shown to whoever owns the account."""


class StripeAway(StripeTrouble):
    """Not reached, overloaded or broken: to be asked again, after `retry_after` seconds where Stripe said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class KeyRefused(StripeTrouble):
    """The key is none (any more)."""


class NotPermitted(StripeTrouble):
    """The restricted key lacks a permission; the message names it."""


class NotThere(StripeTrouble):
    """There is no such object in the account: Stripe itself says so, by its code."""


class Rejected(StripeTrouble):
    """Stripe understood, and declined: for `param`, where it says so."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param
