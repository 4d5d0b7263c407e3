"""No secret lies about in clear: not in the database, not in Redis, not in a log, wherever it was sent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running.whole import Whole, files_under


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("secrets") / "home") as started:
        yield started


def plant(whole: Whole) -> dict[str, str]:
    """Makes secrets of every kind and sends them where they belong and where they do not."""
    issued = whole.post("secret_keys", {"name": "planted", "scopes": ["verify"]})["secret"]
    key = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})["secret"]
    settings = whole.settings
    secrets = {
        "customer key": key,
        "secret key": issued,
        "sample key": whole.bootstrap["sample"]["key_secret"],
        "first secret key": whole.bootstrap["secret_key"],
        "password": whole.bootstrap["login"]["password"],
        "pepper": settings["LICET_PEPPERS"].partition(":")[2],
        "data key": settings["LICET_DATA_KEKS"].partition(":")[2],
        "session secret": settings["LICET_SECRET_KEY"],
    }
    for base in (whole.bootstrap["api_url"], whole.bootstrap["verify_url"]):
        with httpx.Client(base_url=base, timeout=20) as stranger:
            for secret in (key, issued):
                stranger.get(f"/v1/keys/{secret}", headers={"Authorization": f"Bearer {issued}"})
                stranger.get("/v1/keys", params={"key": secret}, headers={"X-Api-Key": secret})
                stranger.post("/v1/verify", json={"key": secret}, headers={"Authorization": f"Bearer {issued}"})
                stranger.post("/v1/verify", json={"key": secret}, headers={"Authorization": f"Bearer {secret}x"})
                stranger.post("/v1/verify", json={secret: "as a name"}, headers={"Authorization": f"Bearer {issued}"})
                stranger.post("/v1/customers", json={"nme": secret}, headers={"Authorization": f"Bearer {issued}"})
                stranger.get(f"/nowhere/{secret}?token={secret}")
    whole.post(f"keys/{whole.bootstrap['sample']['key']}/revocation", {"reason": "leaked"})
    sign_in(whole, whole.bootstrap["login"]["password"])
    return secrets | plant_links(whole)


def plant_links(whole: Whole) -> dict[str, str]:
    """Those that are mailed: of an invitation, and to choose a new password."""
    invited, owner = "invited@example.com", whole.bootstrap["login"]["email"]
    whole.post("invitations", {"email": invited, "role": "viewer"})
    token = whole.mailbox.token(invited)
    with httpx.Client(base_url=whole.bootstrap["api_url"], timeout=20, follow_redirects=True) as browser:
        send_form(browser, "/accounts/password/reset/", email=owner)
        reset = whole.mailbox.link(owner)
        browser.get(reset).raise_for_status()
        path = f"/invitations/{token}"
        for address in (f"{path}/", f"{path}?again", f"{path}x", f"/accounts/login/?next={path}", path):
            browser.get(address)
            browser.post(address, data={"password1": "x"})
            browser.request("DELETE", address)
        send_form(browser, path, password1="short", password2="short").raise_for_status()
        send_form(browser, path, password1="as good as any", password2="as good as any").raise_for_status()
        browser.get(path).raise_for_status()
    return {"invitation": token, "password reset": reset.rstrip("/").rpartition("-")[2]}


def send_form(browser: httpx.Client, path: str, **form: str) -> httpx.Response:
    asked = browser.get(path)
    field = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', asked.text)
    assert field, asked.text
    return browser.post(asked.url, data={"csrfmiddlewaretoken": field.group(1), **form})


def sign_in(whole: Whole, password: str) -> None:
    with httpx.Client(base_url=whole.bootstrap["api_url"], timeout=20) as browser:
        browser.get("/accounts/login/")
        token = next(value for name, value in browser.cookies.items() if "csrf" in name)
        form = {"login": whole.bootstrap["login"]["email"], "password": password, "csrfmiddlewaretoken": token}
        answer = browser.post("/accounts/login/", data=form)
        assert answer.status_code == 302, answer.text


def logged(whole: Whole) -> str:
    """What the processes wrote; without the announcement, which shows a newcomer the demo's secrets on purpose."""
    return "\n".join(line for line in whole.log.splitlines() if re.match(r"[a-z0-9-]+ +\| ", line))


def test_no_planted_secret_is_in_a_dump_or_a_log(whole: Whole) -> None:
    secrets = plant(whole)
    dump = whole.postgres("pg_dump", whole.administrator_url()).decode()
    held: list[bytes] = []
    for database in (0, 1):
        store = whole.redis
        store.connection_pool.connection_kwargs["db"] = database
        held += [bytes(name) + (store.dump(name) or b"") for name in store.scan_iter()]
    on_disk = {str(path): path.read_bytes() for path in files_under(whole.home / "valkey")}
    places = {"database": dump.encode(), "redis": b"".join(held), "log": logged(whole).encode(), **on_disk}
    assert b"CREATE TABLE" in places["database"]
    assert b"lic_" in places["redis"]
    assert any(b"lic_" in content for content in on_disk.values())
    found = [
        (what, where)
        for what, secret in secrets.items()
        for where, content in places.items()
        if secret.encode() in content
    ]
    assert found == []


def test_the_same_search_finds_what_is_in_clear(whole: Whole) -> None:
    """So the search above can fail: a name is not secret and stands in the dump."""
    whole.post("customers", {"name": "A planted name"})
    assert b"A planted name" in whole.postgres("pg_dump", whole.administrator_url())


def test_files_with_secrets_are_their_owners_alone(whole: Whole) -> None:
    secret = whole.bootstrap["secret_key"].encode()
    holders = {
        path.name: path.stat().st_mode & 0o777 for path in files_under(whole.home) if secret in path.read_bytes()
    }
    assert holders == {"bootstrap.json": 0o600, "demo.json": 0o600}
    assert (whole.home / "environment.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((whole.home / "environment.json").read_text())["LICET_PEPPERS"]


def test_home_is_private(whole: Whole, tmp_path: Path) -> None:
    assert whole.home.stat().st_mode & 0o777 == 0o700
