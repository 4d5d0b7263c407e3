"""The two doors that the planes answer at."""

import socket

from config.supervisor.ports import listen
from tests.running.stack import free_port
from verify.ground.environment import Env


def test_no_answer_waits_for_its_own_second_half() -> None:
    """Connections inherit it from the listening socket, whatever the server takes that socket for."""
    with listen(Env({"LICET_PORT": str(free_port()), "LICET_VERIFY_PORT": str(free_port())})) as doors:
        for door in (doors.web, doors.verify):
            with socket.create_connection((door.host, door.port)), door.socket.accept()[0] as taken:
                assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
