"""What Stripe signed, and everything else."""

import hashlib
import hmac

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.signature import Signature, judge

NOW = 1_800_000_000
SECRET, OTHER = b"whsec_one", b"whsec_two"
BODY = '{"id": "evt_1", "name": "Ünïcode"}'.encode()


def signed(body: bytes = BODY, *, at: int = NOW, secret: bytes = SECRET) -> str:
    return f"t={at},v1={hmac.new(secret, f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def test_what_one_of_our_secrets_signed_is_good() -> None:
    assert judge(BODY, signed(), [OTHER, SECRET], now=NOW) is Signature.GOOD
    rolled = f"{signed(secret=b'older')},{signed().partition(',')[2]},v0=ignored"
    assert judge(BODY, rolled, [SECRET], now=NOW) is Signature.GOOD


@pytest.mark.parametrize(
    ("body", "header", "judged"),
    [
        (BODY + b" ", signed(), Signature.WRONG),
        (BODY, signed(secret=OTHER), Signature.WRONG),
        (BODY, signed().replace("v1", "v0"), Signature.MALFORMED),
        (BODY, "", Signature.MALFORMED),
        (BODY, "t=,v1=", Signature.MALFORMED),
        (BODY, signed().replace("t=", "t=-"), Signature.MALFORMED),
        (BODY, f"t={NOW},{signed()}", Signature.MALFORMED),
        (BODY, "v1=é" + "," + signed()[:13], Signature.WRONG),
        (BODY, signed(at=NOW - 301), Signature.OUTSIDE_TOLERANCE),
        (BODY, signed(at=NOW + 301), Signature.OUTSIDE_TOLERANCE),
    ],
)
def test_anything_else_is_refused(body: bytes, header: str, judged: Signature) -> None:
    assert judge(body, header, [SECRET], now=NOW) is judged


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_allowed(seconds: int) -> None:
    assert judge(BODY, signed(at=NOW + seconds), [SECRET], now=NOW) is Signature.GOOD


def test_without_a_secret_nothing_is_good() -> None:
    assert judge(BODY, signed(), [], now=NOW) is Signature.WRONG


@given(st.text(), st.binary())
def test_no_header_makes_it_stumble(header: str, body: bytes) -> None:
    assert judge(body, header, [SECRET], now=NOW) is not Signature.GOOD


def test_stripes_own_library_judges_a_good_one_alike() -> None:
    assert stripe.WebhookSignature.verify_header(BODY.decode(), signed(), SECRET.decode(), tolerance=None)
