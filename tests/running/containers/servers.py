"""The embedded PostgreSQL and Valkey alone, reached over TCP with passwords, as a production copy meets its servers.

Run as a program it is a supervisor of nothing else:
`python -m tests.running.containers.servers HOME POSTGRES_PORT REDIS_PORT`.
"""

import sys
from pathlib import Path

from config.env import Env
from config.supervisor import home as homes
from config.supervisor.children.crew import Crew
from config.supervisor.embedded import pair, postgres, valkey
from config.supervisor.log import Log
from config.supervisor.trouble import StopAsked
from tests.running.stack import Running, free_port

READY = "both servers are ready"
RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Servers(Running):
    """The sockets' directory is the superuser's way in; over TCP every role needs its password."""

    def __init__(self, home: Path) -> None:
        self.postgres_port, self.redis_port = free_port(), free_port()
        words = ("-m", "tests.running.containers.servers", str(home), str(self.postgres_port), str(self.redis_port))
        super().__init__(home, command=words)

    @property
    def sockets(self) -> str:
        return self.log.partition(f"{READY} in ")[2].splitlines()[0]

    @property
    def administrator(self) -> dict[str, str]:
        """For PostgreSQL's own programs."""
        return {"PGHOST": self.sockets, "PGPORT": str(self.postgres_port), "PGUSER": postgres.SUPERUSER}


def serve(home: Path, postgres_port: str, redis_port: str) -> None:
    rules = homes.private_directory(home) / "pg_hba.conf"
    rules.write_text(RULES)
    rules.chmod(0o644)
    tcp = {"listen_addresses": "127.0.0.1", "port": postgres_port, "hba_file": str(rules)}
    postgres.SETTINGS |= tcp
    postgres.FIRST_STATEMENTS = "\n"  # docker/postgres has what is made first
    valkey.SETTINGS |= {"bind": "127.0.0.1", "port": redis_port}
    log = Log(sys.stdout)
    with homes.claim(home) as lock, homes.socket_root(home) as root, Crew(log, lock) as crew:
        pair.start(crew, home, root, Env({}, {}))
        log.plain(f"{READY} in {root / 'run'}")
        try:
            while True:
                crew.pump(1.0)
        except StopAsked:
            pass
    log.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), *sys.argv[2:])
