"""What refunds and disputes do to a license: what the vendor has decided for the whole connection."""

from typing import NamedTuple

NOTHING, SUSPEND = "nothing", "suspend"
ANSWERS = (NOTHING, SUSPEND)


class Policy(NamedTuple):
    on_refund: str = NOTHING
    on_dispute: str = NOTHING

    @property
    def asks(self) -> bool:
        """Whether what became of the money has to be known at all."""
        return SUSPEND in self


PATIENT = Policy()


class Money(NamedTuple):
    """What became of the newest invoice that money was paid for: all of it `refunded`; `disputed`, openly or lost."""

    refunded: bool = False
    disputed: bool = False


def reason_to_suspend(money: Money, policy: Policy) -> str | None:
    """A dispute comes first: it is the bank's word, and the refund may be the answer to it."""
    if money.disputed and policy.on_dispute == SUSPEND:
        return "disputed"
    return "refunded" if money.refunded and policy.on_refund == SUSPEND else None
