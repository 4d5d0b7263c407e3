"""The two doors that the planes answer at."""

import socket

import pytest

from config.supervisor.ports import listen
from config.supervisor.trouble import CannotStart
from tests.running.stack import free_port
from verify.ground.environment import Env


def test_no_answer_waits_for_its_own_second_half() -> None:
    """Connections inherit it from the listening socket, whatever the server takes that socket for."""
    with listen(Env({"LICET_PORT": str(free_port()), "LICET_VERIFY_PORT": str(free_port())})) as doors:
        for door in (doors.web, doors.verify):
            with socket.create_connection((door.host, door.port)), door.socket.accept()[0] as taken:
                assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.parametrize("port", ["70000", "65536", "-1"])
@pytest.mark.parametrize("variable", ["LICET_PORT", "LICET_VERIFY_PORT"])
def test_what_is_no_port_is_one_sentence_that_names_the_variable(variable: str, port: str) -> None:
    given = {"LICET_PORT": str(free_port()), "LICET_VERIFY_PORT": str(free_port())} | {variable: port}
    with pytest.raises(CannotStart) as refused, listen(Env(given)):
        pass
    assert str(refused.value) == f"{variable}={port} is not a port; choose one from 1 to 65535."
