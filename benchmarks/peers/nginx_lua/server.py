"""Starts the peer in nginx and Lua on the same store and keys (apt-get install libnginx-mod-http-lua lua-cjson)."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.stage.processes import SERVER_CORE, answers, free_port, running
from benchmarks.stage.store import Store
from benchmarks.stage.verify_server import Server
from benchmarks.stage.world import TERMS, Person, World

HERE = Path(__file__).parent
LOG = "peer:log"
_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode


def record_of(world: World) -> Callable[[Person], tuple[str, bytes]]:
    """All that the script wants to know of a key, and what the answer says of it, rendered; and where that is kept."""
    rendered = _rendering(world)
    (rate,), (quota,) = TERMS.rate_limits, TERMS.quotas
    shared = {
        "environment": world.environment.id,
        "plan": world.plan.id,
        "version": world.plan.floor,
        "revision": 1,
        "scopes": dict.fromkeys(TERMS.scopes, True),
        "features": TERMS.features,
        "rate": rate.limit,
        "period": rate.period_seconds,
        "burst": rate.burst,
        "quota": quota.limit,
    }

    def record(person: Person) -> tuple[str, bytes]:
        key, licensed = person.key, person.license
        before, after = rendered(person)
        own = {
            "customer": person.customer.id,
            "license": licensed.id,
            "key": key.id,
            "starts_at": licensed.starts_at,
            "license_revoked": licensed.revoked,
            "license_suspended": licensed.suspended,
            "key_revoked": key.revoked,
            "key_suspended": key.suspended,
            "before": before,
            "after": after,
        }
        return f"peer:key:{person.digest}", _pack(shared | own)

    return record


def forget_calls(store: Store) -> None:
    store.client.unlink(LOG)


def logged_calls(store: Store) -> int:
    return int(store.client.xlen(LOG))


@contextmanager
def nginx_lua(folder: Path, store: Store, world: World) -> Iterator[Server]:
    port = free_port()
    at = folder / "nginx"
    at.mkdir()
    blanks: dict[str, object] = {
        "folder": at,
        "user": "user root;"
        if os.geteuid() == 0
        else "",  # otherwise it would change to one that may not see the store
        "here": HERE,
        "port": port,
        "socket": store.socket,
        "environment": world.environment.id,
        "script": store.client.script_load((HERE / "account.lua").read_text()),
    }
    text = (HERE / "nginx.conf").read_text()
    for name, value in blanks.items():
        text = text.replace(f"@{name}@", str(value))
    (at / "nginx.conf").write_text(text)
    environment = {
        "LICET_PEER_PEPPER": world.pepper.secret.hex(),
        "LICET_PEER_SECRET_KEY": f"Bearer {world.secret_key}",
    }
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
    words: list[str | Path] = [nginx, "-e", "stderr", "-p", at, "-c", at / "nginx.conf"]
    with running(words, core=SERVER_CORE, log=folder / "nginx.log", environment=environment) as process:
        process.wait_until(lambda: answers(port, "/livez"))
        yield Server("nginx + Lua", port, [process], store.running)


def _rendering(world: World) -> Callable[[Person], tuple[str, str]]:
    """The answer's unchanging middle, before and after the license's status."""
    plan = {"id": world.plan.id, "code": world.plan.code, "version": world.plan.floor}
    rest = _json({"plan": plan, "scopes": sorted(TERMS.scopes), "features": TERMS.features}).decode()[1:-1]

    def rendered(person: Person) -> tuple[str, str]:
        key = _json({"id": person.key.id, "name": person.key.name, "expires_at": None}).decode()
        customer = _json({"id": person.customer.id, "external_id": person.customer.external_id}).decode()
        before = f',"key":{key},"license":{{"id":"{person.license.id}","status":"'
        return before, f'","expires_at":null}},"customer":{customer},{rest}'

    return rendered
