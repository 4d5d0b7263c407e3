"""A form that is sent twice acts once, and the second time is told what the first one did."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.test import Client
from django.urls import reverse

from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of
from tests.places import Place
from verify.ground.ids import decode

TOKEN = "a-token-of-one-form-"


def new_key(place: Place) -> str:
    return reverse("new_key", args=[place.environment.id, decode("lic", place.sample["license"])])


def secret_in(page: str) -> str:
    return page.split("<code>")[1].split("</code>", maxsplit=1)[0]


def keys_of(place: Place) -> int:
    return len(place.api.get("/v1/keys").json()["data"])


def test_every_page_that_asks_gives_its_form_another_token(place: Place, member: Client) -> None:
    pages = [member.get(new_key(place)).content.decode() for _ in range(2)]
    tokens = {page.split('name="once" value="')[1].split('"')[0] for page in pages}
    assert len(tokens) == 2


def test_a_form_that_is_sent_again_shows_the_same_secret_and_makes_nothing(place: Place, member: Client) -> None:
    form = {"name": "Once", "key_prefix": "demo", "once": TOKEN}
    pages = [member.post(new_key(place), form) for _ in range(2)]
    assert [page.status_code for page in pages] == [201, 201]
    first, second = (secret_in(page.content.decode()) for page in pages)
    assert first == second
    assert place.verify_until("VALID", key=first)["key"]["name"] == "Once"
    assert keys_of(place) == 2


def test_a_click_at_the_same_moment_waits_for_the_first(place: Place) -> None:
    form = {"name": "Once", "key_prefix": "demo", "once": TOKEN}
    browsers = [browser_of(owner_of(place)) for _ in range(4)]

    def click(browser: Client) -> str:
        try:
            return secret_in(browser.post(new_key(place), form).content.decode())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as hands:
        assert len(set(hands.map(click, browsers))) == 1
    assert keys_of(place) == 2


def test_a_form_that_was_sent_before_with_something_else_is_asked_again(place: Place, member: Client) -> None:
    form = {"name": "Once", "key_prefix": "demo", "once": TOKEN}
    member.post(new_key(place), form)
    answer = member.post(new_key(place), form | {"name": "Twice"})
    page = answer.content.decode()
    assert (answer.status_code, keys_of(place)) == (422, 2)
    assert "send it once more" in page
    token = page.split('name="once" value="')[1].split('"')[0]
    assert member.post(new_key(place), form | {"name": "Twice", "once": token}).status_code == 201
    assert keys_of(place) == 3


def test_what_was_refused_is_not_remembered(place: Place, member: Client) -> None:
    form = {"key_prefix": "lsk", "once": TOKEN}
    assert member.post(new_key(place), form).status_code == 400
    assert member.post(new_key(place), form | {"key_prefix": "demo"}).status_code == 201


def test_one_members_form_is_not_anothers(place: Place, member: Client) -> None:
    form = {"name": "Once", "key_prefix": "demo", "once": TOKEN}
    other = browser_of(another_member(place, "admin"))
    first, second = (secret_in(browser.post(new_key(place), form).content.decode()) for browser in (member, other))
    assert first != second
