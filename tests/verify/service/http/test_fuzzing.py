"""Bytes that nobody would send on purpose: no crash, no garbled answer, no request that was not one, no hang."""

import random
import re
import socket
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.places import Place
from tests.running.prove import Figure
from tests.running.stack import CLONE
from tests.verify.service.http.fuzzing import GOOD, SEEDS, check, mutate
from tests.verify.service.http.listening import Line
from tests.verify.service.http.malformed import MALFORMED
from verify.service.http.exchange import MOST_BODY_BYTES

IN_PROCESS, OVER_SOCKETS = 1_000_000, 20_000  # at full size
MOST_BYTES = 4096


@pytest.mark.parametrize("seed", SEEDS, ids=[*GOOD, *MALFORMED])
def test_what_holds_holds_however_the_bytes_are_cut(seed: bytes) -> None:
    for pieces in range(30):
        check(bytes([pieces, 0]) + seed[2:])


@pytest.mark.prove
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is built for Linux on x86-64 alone")
def test_no_bytes_break_a_connection_in_process(tmp_path: Path, scale: float, figure: Figure) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    runs = round(IN_PROCESS * scale**1.5)  # less than its share where it runs small: the seeds matter most
    words = [f"-runs={runs}", f"-max_len={MOST_BYTES}", f"-artifact_prefix={tmp_path}/", "-seed=1", "-timeout=10"]
    told = subprocess.run(
        [sys.executable, "-m", "tests.verify.service.http.searching", str(corpus), *words],
        cwd=CLONE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-3000:]
    tried = re.search(r"Done (\d+) runs in (\d+) second", told.stderr)
    assert tried, told.stderr[-1000:]
    assert int(tried[1]) >= runs
    figure("inputs", int(tried[1]), "")
    figure("seconds", int(tried[2]), "s")
    figure("inputs that reached something new", len(list(corpus.iterdir())) - len(SEEDS), "")


@pytest.mark.prove
def test_no_bytes_break_the_service_over_sockets(place: Place, scale: float, figure: Figure) -> None:
    """Each on its own connection, every second one from a real call. No answer is a 5xx, and every connection
    ends: by the server, or when the client has sent all and hangs up.
    """
    dice, statuses = random.Random(5), Counter[int]()
    port = place.verifier.base_url.port or 80
    for number in range(round(OVER_SOCKETS * scale)):
        raw = _asking(place, dice) if number % 2 else dice.choice(SEEDS)
        for _ in range(dice.randrange(4)):
            raw = mutate(lambda given, _most: _cut(given, dice), raw, MOST_BYTES, dice.randrange(1 << 32))
        statuses.update(_statuses_of(Line(port), raw[2:], dice))
    assert max(statuses) < 500, statuses
    figure("answers", statuses.total(), "")
    for status, count in sorted(statuses.items()):
        figure(f"answers {status}", count, "")
    assert place.verify()["code"] == "VALID"


def _cut(given: bytes, dice: random.Random) -> bytes:
    return given[: dice.randrange(2, max(3, len(given)))]


def _asking(place: Place, dice: random.Random) -> bytes:
    body = b'{"key": "%b"}' % place.sample["key_secret"].encode()
    head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {place.document['secret_key']}\r\n"
    return b"\0\0" + head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body * dice.randrange(1, 3)


def _statuses_of(line: Line, raw: bytes, dice: random.Random) -> list[int]:
    """What came back until the server had closed."""
    written = b""
    with line.socket:
        cut = dice.randrange(len(raw) + 1)
        try:
            line.send(raw[:cut])
            line.send(raw[cut:])
            line.socket.shutdown(socket.SHUT_WR)
            while part := line.socket.recv(MOST_BODY_BYTES):
                written += part
        except TimeoutError:
            raise
        except OSError:  # it was refused before all was sent
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d\d\d) [A-Z]", written)]
