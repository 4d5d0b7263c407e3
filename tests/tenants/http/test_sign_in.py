"""Wrong passwords keep out who tries them, not whose account it is; so does a second factor that nobody can open."""

import base64

from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import RequestFactory

from tenants.http.sign_in import FROM_ANYWHERE
from tenants.models import User
from tests.running.mail.mailbox import Mailbox
from tests.tenants.http.browsing import OLD, Browser, ask, choose, post, sign_in
from verify.digests import Pepper
from verify.sealing import Place, seal

WRONG, NEW = "not the password", "the password of after"


def fail(email: str, times: int) -> None:
    """As wrong passwords from many addresses do, each of which takes a while to be found wrong."""
    told = {"app": "tenants", "action": "login_failed", "config": FROM_ANYWHERE, "key": email}
    asked = RequestFactory().post("/accounts/login/")
    assert all(ratelimit.consume(asked, **told) for _ in range(times))


def test_whoever_tries_five_wrong_passwords_waits_and_nobody_else(browser: Browser, email: str) -> None:
    stranger, owner = browser(), browser()
    assert not any(sign_in(stranger, email, WRONG) for _ in range(5))
    assert not sign_in(stranger, email.upper(), OLD)
    assert sign_in(owner, email, OLD)


def test_a_right_password_uses_up_nothing(browser: Browser, email: str) -> None:
    fail(email, 99)
    one = browser()
    for _ in range(6):
        assert sign_in(one, email, OLD)
        one.cookies.clear()


def test_a_hundred_wrong_passwords_from_anywhere_keep_out_until_a_new_one_is_chosen(
    browser: Browser, email: str, mailbox: Mailbox
) -> None:
    fail(email, 100)
    assert not sign_in(browser(), email, OLD)
    forgetful = browser()
    ask(forgetful, email)
    choose(forgetful, mailbox.link(email), NEW)
    assert sign_in(browser(), email, NEW)


def test_a_second_factor_whose_key_is_lost_is_a_wrong_code_until_it_is_forgotten(browser: Browser, email: str) -> None:
    inside, locked_out, back = browser(), browser(), browser()
    assert sign_in(inside, email, OLD)
    lost = Pepper(version=4_000_000_000, secret=bytes(32))
    for kind, field in (("totp", "secret"), ("recovery_codes", "seed")):
        sealed = base64.b64encode(seal([lost], Place("", "mfa_authenticator", "", "data"), b"ABCDEFGH")).decode()
        Authenticator.objects.create(user=User.objects.get(email=email), type=kind, data={field: sealed})
    assert inside.get("/accounts/2fa/").status_code == 200
    assert sign_in(locked_out, email, OLD)
    answer = post(locked_out, "/accounts/2fa/authenticate/", code="123456")
    assert (answer.status_code, "Incorrect code" in answer.text) == (200, True)
    call_command("forget_second_factor", email)
    assert sign_in(back, email, OLD)
    assert back.get("/account").status_code == 200
