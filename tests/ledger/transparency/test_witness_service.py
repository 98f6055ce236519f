"""The witness over HTTP: a status for whatever is sent, nothing that was signed forgotten."""

import http.client
import io
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.tlog.note import read_signature
from ledger.transparency import cosigning
from ledger.transparency.cosigning import Service, read_address
from tests.ledger.outsiders import NOON, WITNESS, History, post, serving, witness
from tests.ledger.refusals import refused_with

TRUE = History()
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with serving(witness(tmp_path_factory.mktemp("state"))) as service:
        assert post(service, TRUE.body(0, 5))[0] == 200
        yield service


@pytest.fixture
def fresh(tmp_path):
    with serving(witness(tmp_path / "state")) as service:
        yield service


def test_statuses_and_types_are_those_of_the_specification(fresh):
    """200 with the signature's line, 409 with the size."""
    status, body, _ = post(fresh, TRUE.body(0, 5))
    assert status == 200
    assert read_signature(body.decode()).name == WITNESS.name
    assert post(fresh, TRUE.body(0, 9)) == (409, b"5\n", "text/x.tlog.size")
    assert post(fresh, History("x").body(5, 9))[0] == 422
    assert post(fresh, b"")[0] == 400


def test_one_connection_serves_several_requests(fresh):
    """HTTP keep-alive."""
    connection = http.client.HTTPConnection(*fresh.server_address[:2], timeout=10)
    for old, size in ((0, 5), (5, 9)):
        connection.request("POST", "/add-checkpoint", TRUE.body(old, size))
        reply = connection.getresponse()
        assert (reply.status, reply.read()[:3]) == (200, "— ".encode()[:3])
        assert not reply.will_close
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 404),
        ("POST", "/add-checkpoint/", 404),
        ("GET", "/add-checkpoint", 405),
        ("HEAD", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("GET", "/witness.db", 404),
        ("BREW", "/add-checkpoint", 501),
    ],
)
def test_other_paths_and_methods_are_refused(running, method, path, status):
    """There is one thing to ask."""
    assert post(running, TRUE.body(5, 9), path, method)[0] == status


def raw(service, request: bytes, *, half_closed: bool = True) -> bytes:
    """Send bytes as they are; return the first line that comes back."""
    with socket.create_connection(service.server_address[:2], timeout=10) as connection:
        connection.sendall(request)
        if half_closed:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline()


HEAD = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"\r\n", b"411"),
        (b"Content-Length: five\r\n\r\n", b"411"),
        (b"Content-Length: -5\r\n\r\n", b"411"),
        (b"Content-Length: \xb2\r\n\r\n", b"411"),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"Content-Length: 65537\r\n\r\n", b"413"),
        (b"Content-Length: 1%s\r\n\r\n" % (b"0" * 5000), b"413"),
        (b"Content-Length: 50\r\n\r\nold 0\n", b"400"),
    ],
)
def test_a_body_without_a_proper_length_is_refused(running, more, status):
    """Nothing is waited for that does not come, nothing read that is too long."""
    assert raw(running, HEAD + more).split()[1] == status


BODIES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(str.encode),
    st.builds(
        lambda body, at, cut, put: body[:at] + put + body[at + cut :],
        st.sampled_from([TRUE.body(5, 5), TRUE.body(5, 9), TRUE.body(0, 7)]),
        st.integers(0, 400),
        st.integers(0, 20),
        st.binary(max_size=12),
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_whatever_is_sent_is_answered_with_a_status(running, body):
    """Bytes, text, and requests with a piece replaced."""
    assert post(running, body)[0] in {200, 400, 403, 404, 409, 422}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_what_is_no_http_does_not_end_the_service(running, request_):
    """Whatever it answers, the next one is served."""
    raw(running, request_ + b"\r\n\r\n")
    assert post(running, b"old")[0] == 400


def test_a_disk_that_cannot_be_written_is_an_error_of_the_witness(tmp_path):
    """500, and the log says why; nothing is signed."""
    with serving(witness(tmp_path / "state")) as service:
        shutil.rmtree(tmp_path / "state")
        assert post(service, TRUE.body(0, 5))[0] == 500
        assert "witness.db" in service.log.getvalue()


def test_the_log_says_when_who_and_what(fresh):
    """One line a request; what others sent is not in it as they sent it."""
    post(fresh, TRUE.body(0, 5))
    raw(fresh, b"\x1b[31m\xe9 HTTP/9.9\r\n\r\n")
    log = fresh.log.getvalue()
    assert "2026-11-20T12:00:00Z 127.0.0.1 POST 200\n" in log
    assert f"listens at {fresh.url}\n" in log
    assert "signs for attendance-ledger/one\n" in log
    assert "\x1b" not in log
    assert log.isascii()


def test_a_client_that_breaks_off_is_noted(fresh, monkeypatch):
    """One line, no traceback."""
    monkeypatch.setattr(fresh.witness, "add", lambda *_: 1 / 0)
    monkeypatch.setattr("ledger.transparency.cosigning.refusal", lambda *_: 1 / 0)
    assert raw(fresh, HEAD + b"Content-Length: 1\r\n\r\nx") == b""
    assert "broken off: ZeroDivisionError" in fresh.log.getvalue()


def test_ctrl_c_ends_it(tmp_path, monkeypatch):
    """It says so, and the address is free again."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    service = Service(witness(tmp_path), "127.0.0.1:0", lambda: NOON * 10**6, io.StringIO())
    monkeypatch.setattr(service, "serve_forever", interrupted)
    service.run()
    assert service.log.getvalue().endswith("stopped\n")
    assert service.socket.fileno() == -1


def test_who_sends_too_slowly_is_broken_off(tmp_path, monkeypatch):
    """The time is for a request and its answer together; a byte now and then gains none."""
    monkeypatch.setattr(cosigning, "_SECONDS", 0.4)
    with serving(witness(tmp_path / "state")) as service:
        begun = monotonic()
        with socket.create_connection(service.server_address[:2], timeout=10) as slow:
            slow.sendall(HEAD + b"Content-Length: 60000\r\n\r\n")
            with suppress(OSError):
                while monotonic() - begun < 8:
                    slow.sendall(b"x")
                    sleep(0.05)
        assert monotonic() - begun < 5
        assert post(service, TRUE.body(0, 5))[0] == 200


def test_more_clients_than_there_is_room_for_are_turned_away(tmp_path, monkeypatch):
    monkeypatch.setattr(cosigning, "_MOST_CLIENTS", 2)
    with serving(witness(tmp_path / "state")) as service:
        waiting = [socket.create_connection(service.server_address[:2], timeout=10) for _ in "ab"]
        assert raw(service, HEAD + b"\r\n", half_closed=False).split()[1] == b"503"
        assert "turned away: too many at once" in service.log.getvalue()
        for each in waiting:
            each.close()


def test_an_empty_memory_is_said_at_the_start(fresh):
    """A folder that was named wrongly would sign anything once."""
    post(fresh, TRUE.body(0, 5))
    assert "remembers nothing: what this key signed before is not known" in fresh.log.getvalue()
    with serving(witness(fresh.witness.path.parent)) as again:
        post(again, TRUE.body(5, 5))
        assert "remembers nothing" not in again.log.getvalue()


@pytest.mark.parametrize(
    ("listen", "expected"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:0", ("::1", 0)), ("witness:8", ("witness", 8))],
)
def test_an_address_is_host_and_port(listen, expected):
    assert read_address(listen) == expected


@pytest.mark.parametrize(
    "listen", ["", "80", ":80", "x:", "x:65536", "x:-1", "x:\u0663", "x:y", "x:" + "9" * 6000]
)
def test_an_address_without_either_is_refused(listen):
    with refused_with("listen"):
        read_address(listen)


def test_an_address_that_is_taken_is_refused(fresh):
    """And one that is not of this computer."""
    taken = fresh.url.removeprefix("http://")
    for listen in (taken, "192.0.2.1:80"):
        with refused_with("listen"):
            Service(fresh.witness, listen, fresh.clock, fresh.log)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_it_listens_at_an_ipv6_address(tmp_path):
    """Its address is written in brackets."""
    try:
        service = Service(witness(tmp_path), "[::1]:0", lambda: 0, io.StringIO())
    except Refused:
        pytest.skip("no IPv6 address here")
    assert service.url.startswith("http://[::1]:")
    service.server_close()


PROGRAM = """
import os, signal, sys
from pathlib import Path
from ledger.transparency import cosigning as witness_service
from tests.ledger.outsiders import NOON, witness
if sys.argv[2] == "kill":
    answer = witness_service._Handler._answer
    witness_service._Handler._answer = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
one = witness(Path(sys.argv[1]))
witness_service.Service(one, "127.0.0.1:0", lambda: NOON * 10**6, sys.stdout).run()
"""


def started(state: Path, how: str) -> tuple[subprocess.Popen[str], str]:
    """Start a witness as a program; return it and where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(state), how],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    return process, process.stdout.readline().split("http://")[1].strip()


def send(address: str, body: bytes):
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("POST", "/add-checkpoint", body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_killed_before_it_answers_it_has_not_forgotten_what_it_signed(tmp_path):
    """It was persisted: another history of that size is refused after a restart."""
    process, address = started(tmp_path, "kill")
    with pytest.raises((http.client.HTTPException, OSError)):
        send(address, TRUE.body(0, 20))
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()
    process, address = started(tmp_path, "serve")
    assert send(address, History("x", forks=3).body(0, 20)) == 409
    assert send(address, History("x", forks=3).body(20, 20)) == 409
    assert send(address, TRUE.body(20, 20)) == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert process.stdout.read().endswith("stopped\n")
    process.stdout.close()
