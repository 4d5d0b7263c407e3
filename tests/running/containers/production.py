"""A production copy without containers: the commands, settings and secrets of docker/compose.yaml as processes here.

Only what a container would have of its own is another: ports, the servers' host names, and where /run/secrets,
/var/lib/licet and /tmp are. Under root the processes are an ordinary user's who may write nothing but the last two.
"""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.supervisor.embedded import account, postgres
from tests.running.containers import compose, image
from tests.running.containers.servers import READY, Servers
from tests.running.stack import CLONE, free_port

STARTS = ("web", "verify", "worker", "beat", "relay", "drain")  # when `prepare` is done
NAMES = {"web": "licet.test", "verify": "verify.licet.test"}
HEALTHY_SECONDS = 60.0
LOOPBACK = "127.0.0.1"


class Production:
    """`with Production(folder) as copy:` everything runs and is healthy; `folder` must be open to other users."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secrets, self.data = folder, folder / "secrets", folder / "data"
        self.servers = Servers(folder / "servers")
        self.ports = {"web": [free_port()], "verify": [free_port(), free_port()], "nginx": [free_port(), free_port()]}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.user = account.for_servers([Path(sys.prefix) / "lib"], [Path(sys.executable)])
        self.public_url, self.verify_url = (f"https://{name}:{self.ports['nginx'][1]}" for name in NAMES.values())
        given = {"LICET_PUBLIC_URL": self.public_url, "LICET_VERIFY_URL": self.verify_url}
        given |= {"LICET_EMAIL_FROM": "Licet <licet@licet.test>", "LICET_NGINX_ADDRESS": LOOPBACK}
        self.services = compose.services(given)

    def __enter__(self) -> Self:
        self.servers.__enter__()
        try:
            self._make()
            self.servers.wait_for(READY)
            self._make_database()
            self.run("prepare", *self.services["prepare"].words)
            for name in STARTS:
                self.start(name)
            for name in ("web", "verify"):
                self.wait_until_healthy(name)
            self.start("nginx")
            self.wait_until_healthy("nginx")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)
        self.servers.stop()
        self.servers.__exit__(kind, error, trace)

    def start(self, service: str) -> None:
        for number, name in enumerate(self.names(service)):
            with self.log(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self._closed(self.local(service, number, word) for word in self.services[service].words),
                    cwd=self.image,
                    env=self.environment(service),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def names(self, service: str) -> list[str]:
        count = self.services[service].replicas
        return [service] if count == 1 else [f"{service}.{number}" for number in range(1, count + 1)]

    def run(self, service: str, *words: str) -> str:
        """As `docker compose run`: a command with the settings and secrets of a service; gives what it says."""
        command = self._closed(self.local(service, 0, word) for word in words)
        environment = self.environment(service)
        done = subprocess.run(
            command, cwd=self.image, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask_to_stop(self, service: str) -> None:
        """As `docker compose stop`, which waits for the grace period and kills then."""
        number = getattr(signal, self.services[service].all.get("stop_signal", "SIGTERM"))
        for name in self.names(service):
            self.processes[name].send_signal(number)

    def is_healthy(self, service: str) -> bool:
        """As Compose finds out, of every replica."""
        kind, *words = self.services[service].all["healthcheck"]["test"]
        assert kind == "CMD"
        environment = self.environment(service)
        return all(
            subprocess.run(
                [self.local(service, number, word) for word in words],
                cwd=self.image,
                env=environment,
                capture_output=True,
                timeout=20,
                check=False,
            ).returncode
            == 0
            for number in range(len(self.names(service)))
        )

    def wait_until_healthy(self, service: str) -> None:
        patience_ends = time.monotonic() + HEALTHY_SECONDS
        while not self.is_healthy(service):
            for name in self.names(service):
                assert self.processes[name].poll() is None, self.log(name).read_text()
            assert time.monotonic() < patience_ends, [self.log(name).read_text() for name in self.names(service)]
            time.sleep(0.5)  # each look is a Python of its own, on the processors that are waited for

    def environment(self, service: str) -> dict[str, str]:
        """Nothing of this machine's but where programs and PostgreSQL are."""
        programs = (Path(sys.executable).parent, postgres.binaries(), os.environ["PATH"], "/usr/sbin")
        machine = {"PATH": os.pathsep.join(map(str, programs)), "PGPORT": str(self.servers.postgres_port)}
        told = image.environment() | self.services[service].environment
        return machine | {name: self._paths(value) for name, value in told.items()}

    def local(self, service: str, number: int, word: str) -> str:
        """A word of a command, for this machine."""
        if word == "python":
            return sys.executable
        if service == "nginx":
            word = re.sub("8080", str(self.ports["nginx"][0]), word).replace("/etc/licet", str(self.folder))
        if service in ("web", "verify"):
            word = re.sub("800[01]", str(self.ports[service][number]), word)
        return self._paths(word.replace("0.0.0.0", LOOPBACK))

    def client(self, plane: str, *, source: str = "127.0.0.1", headers: dict[str, str] | None = None) -> httpx.Client:
        """Somebody outside, at the address `source`, who calls nginx by the plane's name over TLS."""
        trusted = ssl.create_default_context(cafile=str(self.secrets / "tls_certificate"))
        name = NAMES[plane]

        def call_by_name(request: httpx.Request) -> None:
            request.headers["Host"] = f"{name}:{self.ports['nginx'][1]}"
            request.extensions["sni_hostname"] = name

        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.ports['nginx'][1]}",
            transport=httpx.HTTPTransport(verify=trusted, local_address=source),
            event_hooks={"request": [call_by_name]},
            headers=headers,
            timeout=20,
        )

    def postgres(self, program: str, *words: str, **environment: str) -> str:
        """One of PostgreSQL's own programs, by default as its superuser."""
        told = {"PATH": os.defpath, "LICET_SECRETS": str(self.secrets), **self.servers.administrator, **environment}
        command = [str(postgres.binaries() / program), *words]
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _paths(self, text: str) -> str:
        return text.replace("/run/secrets", str(self.secrets)).replace("/var/lib/licet", str(self.data))

    def _closed(self, words: Any) -> list[str]:
        return [*_closing(self.user), *words]

    def _make(self) -> None:
        """Secrets, by the very script; a certificate; the image's folder; nginx' own file and its /tmp."""
        subprocess.run([CLONE / "docker" / "make_secrets.sh", self.secrets], check=True, capture_output=True)
        for name in ("database_owner_url", "database_url", "database_sweep_url", "redis_url", "licet_broker_url"):
            text = self.secret(name).replace("@postgres:5432", f"@127.0.0.1:{self.servers.postgres_port}")
            (self.secrets / name).unlink()
            (self.secrets / name).write_text(text.replace("@redis:6379", f"@127.0.0.1:{self.servers.redis_port}"))
        (self.secrets / "email_url").write_text("console:\n")
        certify(self.secrets, list(NAMES.values()))
        self.secrets.chmod(0o755)  # Docker shows each file to its container past the closed directory
        self.image = image.build(self.folder)
        self.built = image.contents(self.image)
        for writable in (self.data, self.folder / "tmp"):
            account.hand_over(writable, self.user)
        (self.folder / "nginx.conf").write_text(self._nginx())

    def _nginx(self) -> str:
        """docker/nginx.conf with the ports, upstreams and paths of this machine, and nothing else changed."""
        text = (CLONE / "docker" / "nginx.conf").read_text()
        nodes = " ".join(f"server 127.0.0.1:{port};" for port in self.ports["verify"])
        changes = {
            "server web:8000 resolve;": f"server 127.0.0.1:{self.ports['web'][0]};",
            "server verify:8001 resolve;": nodes,
            "listen 8080": f"listen 127.0.0.1:{self.ports['nginx'][0]}",
            "listen 8443": f"listen 127.0.0.1:{self.ports['nginx'][1]}",
            "/tmp/": f"{self.folder / 'tmp'}/",
            "/run/secrets/": f"{self.secrets}/",
        }
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def _make_database(self) -> None:
        """Roles and database by the files that the PostgreSQL container runs; Redis' password as its file says."""
        for name in ("roles", "database"):
            self.postgres("psql", "--no-psqlrc", "-f", str(CLONE / "docker" / "postgres" / f"{name}.sql"), "postgres")
        socket = Path(self.servers.sockets) / "valkey.sock"
        with redis.Redis(unix_socket_path=str(socket)) as store:
            store.config_set("requirepass", self.secret("redis.conf").removeprefix("requirepass "))


def _closing(who: account.Account | None) -> list[str]:
    """A container's user has no capability; here he keeps one where he could not even reach Python without."""
    if who is None:
        return []
    left = "-all" if who.capability is None else f"-all,+cap_{who.capability}"
    kinds = ("inh-caps", "ambient-caps", "bounding-set")
    user = (f"--reuid={who.uid}", f"--regid={who.gid}", "--clear-groups", "--no-new-privs")
    return ["setpriv", *user, *(f"--{kind}={left}" for kind in kinds)]


def certify(secrets: Path, names: list[str]) -> None:
    """A certificate for both names that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Licet's tests")])
    now, day = datetime.now(UTC), timedelta(days=1)  # noqa: TID251 - TLS knows no other clock
    certificate = (
        x509.CertificateBuilder(
            subject,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            not_valid_before=now - day,
            not_valid_after=now + day,
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (secrets / "tls_certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (secrets / "tls_key").write_bytes(private)
