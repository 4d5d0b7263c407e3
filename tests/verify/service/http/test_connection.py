"""What a client may count on, whichever server stands before the routes; and what our own says besides."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.verify.service.http.listening import Line, Listening, listening
from verify.service.http.server import Limits

HOST = b"Host: x\r\n"
GET = b"GET /here HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module", params=["licet", "uvicorn"])
def either(request: pytest.FixtureRequest) -> Iterator[Listening]:
    with listening(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def ours() -> Iterator[Listening]:
    with listening() as running:
        yield running


def post(path: str, body: bytes, *fields: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def test_a_connection_serves_one_request_after_another(either: Listening) -> None:
    line = either.line()
    for number in range(5):
        answer = line.ask(post("/", b"%d" % number))
        assert (answer.status, answer.json["body"]) == (200, str(number))
        assert answer.headers["request-id"].startswith("req_")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["date"].endswith(" GMT")
        assert "connection" not in answer.headers


def test_requests_sent_ahead_are_answered_in_order(either: Listening) -> None:
    line = either.line()
    paths = ["/later", "/1", "/later", "/2", "/3", "/later"]
    line.send(b"".join(post(path, path.encode()) for path in paths))
    assert [line.answer().json["body"] for _ in paths] == paths


def test_it_makes_no_difference_in_which_pieces_a_request_comes(either: Listening) -> None:
    raw = post("/", b"a body") + b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += b"3\r\na b\r\n3;ext=1\r\nody\r\n0\r\nTrailer: x\r\n\r\n" + GET
    line = either.line()
    for byte in raw:
        line.send(bytes([byte]))
    assert [line.answer().json["body"] for _ in range(3)] == ["a body", "a body", ""]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/v1/verify?key=secret", "/v1/verify"),
        ("/%76%31/a%2Fb?%3F", "/v1/a/b"),
        ("/%C3%A9", "/é"),
        ("/%ff", "/\N{REPLACEMENT CHARACTER}"),
        ("/a%", "/a%"),
        ("//a/../b", "//a/../b"),
        ("http://other.example/v1/verify?x", "/v1/verify"),
    ],
)
def test_the_path_is_decoded_and_without_query_and_host(either: Listening, target: str, path: str) -> None:
    answer = either.line().ask(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.json["path"] == path


def test_a_field_given_twice_is_one_with_a_comma(either: Listening) -> None:
    answer = either.line().ask(b"GET / HTTP/1.1\r\nHost: x\r\nX-Y:\t one\r\nx-y:two\r\nEmpty:\r\n\r\n")
    assert (answer.json["headers"]["x-y"], answer.json["headers"]["empty"]) == ("one, two", "")


def test_space_around_a_value_is_not_part_of_it(ours: Listening) -> None:
    answer = ours.line().ask(b"GET http://x HTTP/1.1\r\nHost: x\r\nX-Y:\t one\t \r\n\r\n")
    assert (answer.json["headers"]["x-y"], answer.json["path"]) == ("one", "/")


def test_an_answer_to_head_has_no_body(either: Listening) -> None:
    line = either.line()
    line.send(b"HEAD /here HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    answer = line.answer(to_head=True)
    assert (answer.status, int(answer.headers["content-length"]) > 0) == (200, True)
    assert line.answer().json["method"] == "GET"


def test_whoever_waits_for_100_gets_it(either: Listening) -> None:
    line = either.line()
    head, body = post("/", b"a body", "Expect: 100-continue").split(b"\r\n\r\n")
    assert line.ask(head + b"\r\n\r\n").status == 100
    assert line.ask(body).json["body"] == "a body"


def test_a_body_that_is_too_large_is_refused_before_it_comes(either: Listening) -> None:
    line = either.line()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n"
    assert line.ask(head).status == 413


def test_a_chunked_body_is_counted_as_it_comes(either: Listening) -> None:
    line = either.line()
    line.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n8001\r\n" + b"x" * 0x8001 + b"\r\n")
    assert line.answer().status == 413


def test_the_connection_ends_when_the_client_says_so(either: Listening) -> None:
    line = either.line()
    answer = line.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.headers["connection"] == "close"
    assert line.is_closed()


def test_http_1_0_ends_with_its_answer(either: Listening) -> None:
    line = either.line()
    assert line.ask(b"GET / HTTP/1.0\r\n\r\n").status == 200
    assert line.is_closed()


def test_an_upgrade_is_not_accepted(either: Listening) -> None:
    fields = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    line = either.line()
    assert line.ask(b"GET /here HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n").json["path"] == "/here"
    assert line.ask(GET).status == 200


def test_http_1_0_goes_on_if_asked_to(ours: Listening) -> None:
    line = ours.line()
    for _ in range(2):
        answer = line.ask(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        assert answer.headers["connection"] == "keep-alive"


def test_an_answer_does_not_wait_for_its_second_half(ours: Listening) -> None:
    """Head and body leave in one piece, and at once: the kernel is told not to collect (TCP_NODELAY)."""
    line = ours.line()
    line.send(GET)
    assert line.socket.recv(1 << 16).endswith(b"}")


def test_whoever_hangs_up_after_asking_is_answered(ours: Listening) -> None:
    line = ours.line()
    line.send(post("/later", b"1") + post("/", b"2"))
    line.socket.shutdown(socket.SHUT_WR)
    assert [line.answer().json["body"] for _ in range(2)] == ["1", "2"]
    assert line.is_closed()


def test_a_line_end_after_a_body_is_forgiven(ours: Listening) -> None:
    line = ours.line()
    assert line.ask(post("/", b"x") + b"\r\n").status == 200
    assert line.ask(b"\r\n\r\n" + GET).status == 200


def test_whoever_goes_away_is_nobody_elses_trouble(ours: Listening) -> None:
    stays = ours.line()
    stays.send(post("/wait", b"stays"))
    for _ in range(20):
        goes = ours.line()
        goes.send(post("/wait", b"goes"))
        until(lambda: ours.app.waiting and ours.app.waiting[-1].body == b"goes")
        goes.reset()
    ours.app.let_go()
    assert stays.answer().json["body"] == "stays"
    assert ours.line().ask(GET).status == 200


def test_what_is_sent_ahead_of_answers_is_not_read_without_bounds(ours: Listening) -> None:
    line, ahead = ours.line(), post("/", b"x" * 60_000)
    line.send(post("/wait", b"first"))
    until(lambda: ours.app.waiting)
    sent, patience_ends = 0, time.monotonic() + 10
    line.socket.settimeout(0.2)
    with contextlib.suppress(TimeoutError):  # nothing is taken any more
        while True:
            sent += line.socket.send(ahead[sent % len(ahead) :])
            assert time.monotonic() < patience_ends
    line.socket.settimeout(10)
    ours.app.let_go()
    assert line.answer().json["body"] == "first"
    for _ in range(sent // len(ahead)):
        assert line.answer().status == 200


def test_whoever_does_not_read_is_not_waited_for() -> None:
    with listening(limits=Limits(unread_seconds=0.1, look_seconds=0.02)) as running:
        line = running.line(receives=4096)
        line.send(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        until(lambda: running.app.seen)
        time.sleep(0.3)  # it is the server's patience that is tested
        with pytest.raises((AssertionError, ConnectionResetError)):
            line.answer()
        assert [path for _, path, _ in running.app.seen] == ["/huge"]  # the next one was not even read


def test_a_slow_reader_gets_all_of_it(ours: Listening) -> None:
    line = ours.line(receives=4096)
    line.send(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert len(line.answer().body) == 5_000_000
    assert line.answer().json["path"] == "/here"


@pytest.mark.parametrize(
    "begun", [b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", b"\r\n\r\nG"]
)
def test_a_request_that_does_not_come_whole_is_408(begun: bytes) -> None:
    with listening(limits=Limits(head_seconds=0.05, body_seconds=0.05, look_seconds=0.01)) as running:
        line = running.line()
        line.send(begun)
        answer = line.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert line.is_closed()
        assert running.app.seen == []


def test_drops_of_bytes_do_not_prolong_the_time() -> None:
    with listening(limits=Limits(head_seconds=0.2, look_seconds=0.01)) as running:
        line = running.line()
        line.socket.settimeout(0.01)
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000:
            line.send(bytes([byte]))
            try:
                assert line.socket.recv(100).startswith(b"HTTP/1.1 408 ")
            except TimeoutError:
                continue
            break
        else:
            pytest.fail("it was waited for")


def test_an_idle_connection_is_closed_without_a_word() -> None:
    with listening(limits=Limits(head_seconds=0.05, idle_seconds=0.05, look_seconds=0.01)) as running:
        silent, idle = running.line(), running.line()
        assert idle.ask(GET).status == 200
        assert silent.is_closed()
        assert idle.is_closed()


def test_a_slow_answer_is_waited_for() -> None:
    with listening(limits=Limits(idle_seconds=0.02, look_seconds=0.01)) as running:
        line = running.line()
        line.send(post("/wait", b"patient"))
        until(lambda: running.app.waiting)
        time.sleep(0.1)  # longer than an idle connection may stay
        running.app.let_go()
        assert line.answer().json["body"] == "patient"


def test_more_connections_than_allowed_are_told_so() -> None:
    with listening(limits=Limits(connections=2)) as running:
        first, second = running.line(), running.line()
        assert (first.ask(GET).status, second.ask(GET).status) == (200, 200)
        third = running.line()
        assert third.answer().json["code"] == "too_many_connections"
        assert third.is_closed()
        second.reset()
        until(lambda: _answers(running.line()))


def _answers(line: Line) -> bool:
    return line.ask(GET).status == 200


def until(came: object, seconds: float = 10.0) -> None:
    assert callable(came)
    patience_ends = time.monotonic() + seconds
    while not came():
        assert time.monotonic() < patience_ends
        time.sleep(0.005)
