"""A production copy, from outside and from inside: what docker/compose.yaml starts, behind docker/nginx.conf."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.running.containers import image
from tests.running.containers.production import STARTS, Production

ENDED_CLEANLY = (0, -signal.SIGTERM)  # uvicorn puts its work in order and then dies of the signal it was sent
FORGED = "203.0.113.7"


def verdicts(copy: Production, node: int) -> float:
    """How many a node has given, as Prometheus asks it: from inside, with the token."""
    token = {"Authorization": f"Bearer {copy.secret('licet_metrics_token')}"}
    answer = httpx.get(f"http://127.0.0.1:{copy.ports['verify'][node]}/metrics", headers=token)
    lines = answer.raise_for_status().text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("licet_verify_verdicts_total"))


def sign_in(copy: Production, organization: dict[str, Any], browser: httpx.Client) -> httpx.Response:
    browser.get("/accounts/login/")
    token = next(value for name, value in browser.cookies.items() if "csrf" in name)
    form = {**organization["login"], "login": organization["login"]["email"], "csrfmiddlewaretoken": token}
    return browser.post("/accounts/login/", data=form, headers={"Origin": copy.public_url})


@pytest.mark.parametrize("service", ["web", "verify", "nginx", "postgres"])
def test_what_compose_calls_healthy_is_healthy(copy: Production, service: str) -> None:
    assert copy.is_healthy(service)
    assert {name: process.poll() for name, process in copy.processes.items()} == dict.fromkeys(copy.processes)


def test_a_key_made_over_nginx_is_verified_over_nginx_on_both_nodes(
    copy: Production,
    organization: dict[str, Any],
    api: httpx.Client,
    verifier: httpx.Client,
    agreed: Callable[[dict[str, str]], bool],
) -> None:
    sample, before = organization["sample"], [verdicts(copy, node) for node in (0, 1)]
    bought = api.post("/v1/licenses", json={"customer": sample["customer"], "plan": sample["plan"]})
    assert bought.status_code == 201, bought.text
    made = api.post("/v1/keys", json={"license": bought.json()["id"]}).json()
    codes = [verifier.post("/v1/verify", json={"key": made["secret"]}).json()["code"] for _ in range(6)]
    assert codes == ["VALID"] * 6
    assert [verdicts(copy, node) > before[node] for node in (0, 1)] == [True, True]
    assert api.post(f"/v1/keys/{made['id']}/revocation", json={}).is_success
    assert agreed({made["secret"]: "KEY_REVOKED"})


def test_who_signs_in_is_recorded_by_their_true_address_whatever_they_forge(
    copy: Production, organization: dict[str, Any]
) -> None:
    forged = {"X-Forwarded-For": FORGED, "X-Forwarded-Host": "evil.example", "Forwarded": f"for={FORGED}"}
    with copy.client("web", source="127.0.0.9", headers=forged) as browser:
        assert sign_in(copy, organization, browser).status_code == 302
    with psycopg.connect(copy.secret("database_sweep_url")) as database:
        recorded = {str(address) for (address,) in database.execute("SELECT ip FROM usersessions_usersession")}
    assert "127.0.0.9" in recorded
    assert FORGED not in recorded


def test_every_cookie_is_for_tls_alone_and_the_browser_is_told_to_stay_there(
    copy: Production, organization: dict[str, Any]
) -> None:
    with copy.client("web") as browser:
        answer = sign_in(copy, organization, browser)
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) >= 2
        assert all("; Secure" in cookie for cookie in cookies)
        assert any("session" in cookie and "HttpOnly" in cookie for cookie in cookies)
        assert int(answer.headers["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000
        assert browser.get("/", follow_redirects=False).headers["location"].startswith("/")


def test_who_comes_past_nginx_is_not_believed_to_have_come_over_tls(copy: Production) -> None:
    claims = {"Host": copy.public_url.removeprefix("https://"), "X-Forwarded-Proto": "https"}
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.8"), headers=claims) as stranger:
        answer = stranger.get(f"http://127.0.0.1:{copy.ports['web'][0]}/accounts/login/")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{copy.public_url}/accounts/login/")


def test_static_files_are_named_by_their_content_and_come_compressed(copy: Production) -> None:
    with copy.client("web") as browser:
        page = browser.get("/accounts/login/").text
        sheets = re.findall(r'href="(/static/[^"]+\.css)"', page)
        assert sheets
        for sheet in sheets:
            assert re.search(r"\.[0-9a-f]{12}\.css$", sheet)
            answer = browser.get(sheet, headers={"Accept-Encoding": "gzip"})
            assert answer.headers["content-encoding"] == "gzip"
            assert "immutable" in answer.headers["cache-control"]


def test_the_build_left_what_is_served_and_what_is_imported(copy: Production) -> None:
    assert (copy.image / "staticfiles" / "staticfiles.json").is_file()
    assert list(copy.image.glob("staticfiles/dashboard/css/*.css.gz"))
    assert list(copy.image.glob("config/__pycache__/settings.*.pyc"))


def test_other_names_are_refused(copy: Production) -> None:
    with copy.client("web") as stranger:
        stranger.event_hooks["request"].append(lambda request: request.headers.update({"Host": "evil.example"}))
        assert stranger.get("/accounts/login/").status_code == 400
        assert stranger.get("/livez").status_code == 200


def test_plain_http_is_sent_to_tls_and_a_secret_key_that_came_in_clear_is_not_sent_on(
    copy: Production, organization: dict[str, Any]
) -> None:
    plain = f"http://127.0.0.1:{copy.ports['nginx'][0]}"
    answer = httpx.get(f"{plain}/accounts/login/", headers={"Host": "licet.test"})
    assert (answer.status_code, answer.headers["location"]) == (301, "https://licet.test/accounts/login/")
    in_clear = {"Authorization": f"Bearer {organization['secret_key']}"}
    refused = httpx.post(f"{plain}/v1/verify", headers=in_clear, json={"key": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "https_required")


def test_metrics_are_not_for_outside(copy: Production) -> None:
    token = {"Authorization": f"Bearer {copy.secret('licet_metrics_token')}"}
    for plane in ("web", "verify"):
        with copy.client(plane, headers=token) as stranger:
            assert stranger.get("/metrics").status_code == 404
    inside = httpx.get(f"http://127.0.0.1:{copy.ports['web'][0]}/metrics", headers={**token, "Host": "web:8000"})
    assert inside.status_code == 200


@pytest.mark.parametrize(("plane", "megabytes"), [("web", 1.5), ("web", 3), ("verify", 0.1), ("verify", 1)])
def test_a_body_that_is_too_large_is_refused_in_the_same_words_by_plane_and_nginx(
    copy: Production, organization: dict[str, Any], plane: str, megabytes: float
) -> None:
    headers = {"Authorization": f"Bearer {organization['secret_key']}", "Content-Type": "application/json"}
    path = {"web": "/v1/customers", "verify": "/v1/verify"}[plane]
    with copy.client(plane, headers=headers) as caller:
        answer = caller.post(path, content=b'{"name": "' + b"x" * int(megabytes * 1_048_576) + b'"}')
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "body_too_large"


def test_each_role_comes_with_its_own_password_and_none_is_more_than_it_should_be(copy: Production) -> None:
    with copy.client("web") as stranger:
        assert stranger.get("/readyz").json()["current_user"] == "licet_app"
    with psycopg.connect(copy.secret("database_sweep_url")) as database:
        found = database.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles "
            "WHERE rolname LIKE 'licet%' ORDER BY 1"
        ).fetchall()
    assert found == [
        ("licet_app", False, False, False, False),
        ("licet_lookup", False, False, False, False),
        ("licet_owner", False, False, False, False),
        ("licet_sweep", False, True, False, False),
    ]
    for role in ("licet_app", "licet_sweep", "licet_owner"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=copy.servers.postgres_port, user=role, dbname="licet", password="x")


def test_a_known_secret_is_refused_by_both_planes(copy: Production, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("1:" + "A" * 43)
    for name in ("web", "verify"):
        words = [copy.local(name, 0, word) for word in copy.services[name].words]
        environment = copy.environment(name) | {"LICET_PEPPERS_FILE": str(known)}
        ended = subprocess.run(words, cwd=copy.image, env=environment, capture_output=True, timeout=30, check=False)
        assert ended.returncode == 1, name
        assert b"Secret 1 of LICET_PEPPERS is not random" in ended.stderr.splitlines()[-1], name


def test_no_process_is_more_than_an_ordinary_user(copy: Production) -> None:
    mine = os.geteuid() if copy.user is None else copy.user.uid
    assert mine != 0
    for name, process in copy.processes.items():
        assert Path(f"/proc/{process.pid}").stat().st_uid == mine, name


def test_nothing_is_written_but_the_schedule_and_the_spool(copy: Production) -> None:
    assert image.contents(copy.image) == copy.built
    assert {path.name.partition("-")[0] for path in copy.data.iterdir()} <= {"beat", "spool"}


def test_no_log_tells_a_secret(copy: Production, organization: dict[str, Any]) -> None:
    kept = [copy.secret(path.name) for path in copy.secrets.iterdir() if path.name != "email_url"]
    kept += [organization["secret_key"], organization["sample"]["key_secret"], organization["login"]["password"]]
    logs = "".join(path.read_text(errors="replace") for path in copy.folder.glob("*.log"))
    assert logs
    assert [secret[:12] for secret in kept if secret in logs] == []


def test_every_process_ends_when_asked_within_its_grace_and_comes_again(copy: Production, api: httpx.Client) -> None:
    api.get("/v1/customers").raise_for_status()
    everything = ("nginx", *STARTS)
    written = {name: copy.log(name).stat().st_size for name in copy.processes}
    for service in everything[1:]:
        copy.ask_to_stop(service)
    began = time.monotonic()
    for service in everything[1:]:
        for name in copy.names(service):
            left = copy.services[service].grace_seconds - (time.monotonic() - began)
            assert copy.processes[name].wait(timeout=left) in ENDED_CLEANLY, name
            assert b"Traceback" not in copy.log(name).read_bytes()[written[name] :], name
    with copy.client("web") as web, copy.client("verify") as verify:
        for stranger in (web, verify):
            answer = stranger.get("/livez")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    copy.ask_to_stop("nginx")
    assert copy.processes["nginx"].wait(timeout=copy.services["nginx"].grace_seconds) == 0
    for service in (*STARTS, "nginx"):
        copy.start(service)
    for service in ("web", "verify", "nginx"):
        copy.wait_until_healthy(service)
    assert api.get("/v1/customers").is_success
