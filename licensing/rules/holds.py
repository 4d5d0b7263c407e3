"""What may be decided about a license or key by hand, and in which order: suspended and back, revoked for good."""

from enum import StrEnum

from tenants.rules.refusal import Refusal


class Hold(StrEnum):
    NONE = "none"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Move(StrEnum):
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"


MOVES: dict[tuple[Hold, Move], Hold] = {
    (Hold.NONE, Move.SUSPEND): Hold.SUSPENDED,
    (Hold.NONE, Move.REINSTATE): Hold.NONE,
    (Hold.NONE, Move.REVOKE): Hold.REVOKED,
    (Hold.SUSPENDED, Move.SUSPEND): Hold.SUSPENDED,
    (Hold.SUSPENDED, Move.REINSTATE): Hold.NONE,
    (Hold.SUSPENDED, Move.REVOKE): Hold.REVOKED,
    (Hold.REVOKED, Move.REVOKE): Hold.REVOKED,
}


def after(hold: Hold, move: Move) -> Hold:
    """The hold that `move` leads to; the same one means that there is nothing to do. Raises Refusal."""
    try:
        return MOVES[hold, move]
    except KeyError as error:
        detail = "What was revoked stays revoked; issue a new one."
        raise Refusal("already_revoked", "conflict", detail) from error
