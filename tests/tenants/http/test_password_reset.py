"""A forgotten password, end to end over HTTP with the mail read back; who is registered is told to nobody."""

from pathlib import Path

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.actions.people.passwords import ask_for_password_reset
from tenants.models import User
from tests.running.mail.mailbox import Mailbox
from tests.running.nodes import control_plane
from tests.running.stack import Stack
from tests.tenants.http.browsing import OLD, Browser, ask, choose, sign_in
from verify.ground.ids import new

NEW = "the password of after"


def is_dead(browser: httpx.Client, link: str) -> bool:
    answer = browser.get(link)
    return answer.status_code == 200 and "This link cannot be used" in answer.text


def test_a_link_by_mail_sets_a_new_password_once_and_ends_every_session(
    browser: Browser, email: str, mailbox: Mailbox, stack: Stack
) -> None:
    at_home, at_work, somewhere = browser(), browser(), browser()
    assert sign_in(at_home, email, OLD)
    assert sign_in(at_work, email, OLD)
    assert ask(somewhere, email.upper()).headers["Location"] == "/accounts/password/reset/done/"
    link = mailbox.link(email)
    assert mailbox.wait_for(email)["Subject"] == "Choose a new password for Licet"
    assert choose(somewhere, link, NEW).headers["Location"] == "/accounts/password/reset/key/done/"
    for session in (at_home, at_work, somewhere):
        assert session.get("/account").headers["Location"].startswith("/accounts/login/")
    assert is_dead(browser(), link)
    assert not sign_in(browser(), email, OLD)
    assert sign_in(browser(), email, NEW)
    key = link.rstrip("/").rpartition("/")[2]
    assert key not in stack.log


def test_a_weak_password_is_refused_and_the_old_one_stays(browser: Browser, email: str, mailbox: Mailbox) -> None:
    ask(browser(), email)
    answer = choose(browser(), mailbox.link(email), "short")
    assert (answer.status_code, "at least 12 characters" in answer.text) == (200, True)
    assert sign_in(browser(), email, OLD)


def test_a_link_is_dead_once_they_have_signed_in(browser: Browser, email: str, mailbox: Mailbox) -> None:
    ask(browser(), email)
    link = mailbox.link(email)
    assert sign_in(browser(), email, OLD)
    assert is_dead(browser(), link)


def test_a_registered_and_an_unknown_address_get_the_same_answer_and_one_a_mail(
    browser: Browser, email: str, mailbox: Mailbox
) -> None:
    unknown = f"{new('mem')}@example.com"
    answers = [ask(browser(), address) for address in (unknown, email)]
    told = [
        (answer.status_code, answer.content, answer.headers["Location"], sorted(answer.headers)) for answer in answers
    ]
    assert told[0] == told[1]
    done = [browser().get(answer.headers["Location"]).text for answer in answers]
    assert done[0] == done[1]
    assert mailbox.link(email)
    assert mailbox.to(unknown) == []


def test_the_page_does_the_same_work_for_both(email: str) -> None:
    statements = []
    for address in (email, f"{new('mem')}@example.com"):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ask_for_password_reset(address)
        statements.append([query["sql"].replace(address, "…") for query in captured])
    assert len(statements[0]) == 1
    assert statements[0] == statements[1]


def test_an_address_is_asked_for_five_times_and_then_waits_registered_or_not(browser: Browser, email: str) -> None:
    for address in (email, f"{new('mem')}@example.com"):
        asker = browser()
        assert [ask(asker, address).status_code for _ in range(6)] == [302] * 5 + [429]


def test_one_visitor_asks_twenty_times_a_minute_and_then_waits(browser: Browser) -> None:
    asker = browser()
    said = [ask(asker, f"{new('mem')}@example.com").status_code for _ in range(21)]
    assert said == [302] * 20 + [429]


def test_whose_account_is_closed_gets_no_link(browser: Browser, email: str, mailbox: Mailbox) -> None:
    closed = f"{new('mem')}@example.com"
    User.objects.create_user(closed, OLD, is_active=False)
    for address in (closed, email):
        ask(browser(), address)
    assert mailbox.link(email)
    assert mailbox.to(closed) == []


def test_the_link_leads_where_the_settings_say_and_not_where_the_request_says(
    browser: Browser, email: str, mailbox: Mailbox, stack: Stack
) -> None:
    asker = browser()
    asker.headers["Host"] = f"localhost:{stack.port}"
    ask(asker, email)
    assert mailbox.link(email).startswith(stack.bootstrap["api_url"])


@pytest.mark.parametrize("typed", ["", "nobody", "a\0b@example.com", "x" * 100_000 + "@example.com"])
def test_what_is_no_address_is_told_beside_the_field(browser: Browser, typed: str) -> None:
    answer = ask(browser(), typed)
    assert (answer.status_code, "errorlist" in answer.text) == (200, True)


def test_without_a_broker_the_page_says_that_it_cannot_now(email: str, tmp_path: Path) -> None:
    transport = httpx.HTTPTransport(local_address="127.7.7.7")
    with (
        control_plane(tmp_path, {"LICET_BROKER_URL": "redis://127.0.0.1:1/0"}) as node,
        httpx.Client(base_url=node.url, transport=transport, timeout=30, headers={"Accept": "text/html"}) as asker,
    ):
        assert [ask(asker, address).status_code for address in (email, "nobody@example.com")] == [503, 503]
