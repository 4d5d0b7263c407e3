"""A browser's way through the forms of signing in and of choosing a new password."""

import re
from collections.abc import Callable

import httpx

OLD = "the password of before"
Browser = Callable[[], httpx.Client]


def post(browser: httpx.Client, path: str, **form: str) -> httpx.Response:
    """Fills in the form that stands there."""
    asked = browser.get(path)
    field = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', asked.text)
    assert field, asked.text
    return browser.post(asked.url, data={"csrfmiddlewaretoken": field.group(1), **form})


def sign_in(browser: httpx.Client, email: str, password: str) -> bool:
    return post(browser, "/accounts/login/", login=email, password=password).status_code == 302


def ask(browser: httpx.Client, email: str) -> httpx.Response:
    return post(browser, "/accounts/password/reset/", email=email)


def choose(browser: httpx.Client, link: str, password: str) -> httpx.Response:
    answer = browser.get(link)
    assert answer.status_code == 302
    return post(browser, answer.headers["Location"], password1=password, password2=password)
