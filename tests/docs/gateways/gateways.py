"""Gateways started with the configurations of docs/gateways/, in front of an upstream and beside a verify node."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.running.clients import plain_client
from tests.running.stack import CLONE, free_port

SHIPPED = CLONE / "docs" / "gateways"
STARTS_SECONDS = 20.0
NGINX_ALONE = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include conf.d/*.conf;
}}
"""


@dataclass
class Places:
    """Where a gateway listens, where it finds Licet and the API, and its secret key."""

    site: int
    licet: int
    api: int
    secret_key: str


@dataclass
class Command:
    words: list[str]
    environment: dict[str, str]


def nginx(folder: Path, places: Places) -> Command:
    """As on Debian: /etc/nginx/conf.d and /etc/nginx/licet."""
    shutil.copytree(SHIPPED / "nginx", folder / "licet")
    (folder / "conf.d").mkdir()
    site = (folder / "licet" / "site.conf").read_text()
    own = {
        "listen 127.0.0.1:8080;": f"listen 127.0.0.1:{places.site};",
        "server 127.0.0.1:8001;": f"server 127.0.0.1:{places.licet};",
        "server 127.0.0.1:9000;": f"server 127.0.0.1:{places.api};",
        "lsk_live_…": places.secret_key,
    }
    (folder / "conf.d" / "site.conf").write_text(with_own(site, own))
    user = "user root;" if os.getuid() == 0 else ""  # tests' folders are closed to others
    (folder / "nginx.conf").write_text(NGINX_ALONE.format(folder=folder, user=user))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return Command([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"], {})


def caddy(folder: Path, places: Places) -> Command:
    words = ["caddy", "run", "--adapter", "caddyfile", "--config", str(SHIPPED / "Caddyfile")]
    kept = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    where = {
        "SITE": f"http://127.0.0.1:{places.site}",
        "LICET": f"127.0.0.1:{places.licet}",
        "API": f"127.0.0.1:{places.api}",
        "LICET_SECRET_KEY": places.secret_key,
    }
    return Command(words, kept | where)


def haproxy(folder: Path, places: Places) -> Command:
    shutil.copytree(SHIPPED / "haproxy", folder / "haproxy")
    program = shutil.which("haproxy") or "/usr/sbin/haproxy"
    where = {
        "SITE": f"127.0.0.1:{places.site}",
        "LICET_URL": f"http://127.0.0.1:{places.licet}",
        "API": f"127.0.0.1:{places.api}",
        "LICET_SECRET_KEY": places.secret_key,
    }
    return Command([program, "-db", "-f", str(folder / "haproxy" / "haproxy.cfg")], where)


def envoy(folder: Path, places: Places) -> Command:
    own = {
        "port_value: 8080": f"port_value: {places.site}",
        "port_value: 8001": f"port_value: {places.licet}",
        "port_value: 9000": f"port_value: {places.api}",
    }
    (folder / "envoy.yaml").write_text(with_own((SHIPPED / "envoy.yaml").read_text(), own))
    program = str(Path(sys.executable).with_name("envoy"))
    words = [program, "-c", str(folder / "envoy.yaml"), "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    return Command(words, {"LICET_SECRET_KEY": places.secret_key})


Gateway = Callable[[Path, Places], Command]
EVERY: dict[str, Gateway] = {
    "nginx": nginx,
    "caddy": caddy,
    "haproxy": haproxy,
    "envoy": envoy,
}


def with_own(text: str, own: dict[str, str]) -> str:
    """What a user writes over: each stands there exactly once."""
    for shipped, written in own.items():
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, written)
    return text


@contextmanager
def running(gateway: Gateway, folder: Path, *, licet: int, api: int, secret_key: str) -> Iterator[httpx.Client]:
    """A client of the gateway, which is ready."""
    folder.mkdir()
    places = Places(free_port(), licet, api, secret_key)
    command = gateway(folder, places)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command.words,
            env={"PATH": os.environ["PATH"], **command.environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        with plain_client(f"http://127.0.0.1:{places.site}") as client:
            _wait_until_it_listens(places.site, process, folder / "log")
            yield client
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    patience_ends = time.monotonic() + STARTS_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < patience_ends, log.read_text()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
