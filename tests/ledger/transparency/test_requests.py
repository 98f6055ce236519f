"""Asking over HTTP: one address, one answer, half a minute at most."""

import socket
import threading
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import pytest

from ledger.transparency import requests
from ledger.transparency.requests import ask_witness, post
from tests.ledger.outsiders import answering
from tests.ledger.refusals import refused_with


@contextmanager
def talking(say):
    """Let a function talk to each client as it likes; yield the address and who came."""
    came = []

    def serve(listening):
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client:
                    came.append(client.recv(65536))
                    with suppress(OSError):
                        say(client)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=[listening], daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", came
        listening.shutdown(socket.SHUT_RDWR)


def test_an_answer_is_returned_with_its_status():
    with answering(418, bytes.upper) as url:
        assert post(f"{url}/tea?a=b", b"tea", "text/plain") == (418, b"TEA")
        assert ask_witness(f"{url}/", "tea").text == "TEA"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_is_followed(status):
    """It could lead into the network of whoever asks."""
    with talking(lambda client: client.sendall(b"x")) as (inside, came):
        answer = f"HTTP/1.1 {status} x\r\nLocation: {inside}/x\r\nContent-Length: 0\r\n\r\n"
        with (
            talking(lambda client: client.sendall(answer.encode())) as (url, asked),
            refused_with("not-reached", match="names another address"),
        ):
            post(url, b"x", "text/plain")
    assert (len(asked), came) == (1, [])


def test_no_proxy_is_asked(monkeypatch):
    with (
        talking(lambda client: client.sendall(b"x")) as (proxy, came),
        answering(200, bytes) as url,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        assert post(url, b"x", "text/plain")[0] == 200
    assert came == []


def test_a_slow_answer_has_half_a_minute_in_all(monkeypatch):
    """A byte now and then gains no time."""
    monkeypatch.setattr(requests, "_SECONDS", 0.5)

    def slowly(client):
        for byte in b"HTTP/1.1 200 OK\r\n" * 10:
            client.sendall(bytes([byte]))
            sleep(0.05)

    begun = monotonic()
    with (
        talking(slowly) as (url, _),
        refused_with("not-reached", match="no whole answer came in 0.5 seconds"),
    ):
        post(url, b"x", "text/plain")
    assert monotonic() - begun < 4


def test_an_answer_that_is_too_long_is_refused():
    with answering(200, lambda _: bytes(70_000)) as url, refused_with("not-reached", "too long"):
        post(url, b"x", "text/plain")


def test_an_answer_of_64_kib_is_not_too_long():
    with answering(200, lambda _: bytes(65_536)) as url:
        assert len(post(url, b"x", "text/plain")[1]) == 65_536
    with answering(200, lambda _: bytes(65_537)) as url, refused_with("not-reached", "too long"):
        post(url, b"x", "text/plain")


@pytest.mark.parametrize(
    "url",
    [
        *("", "file:///etc/passwd", "ftp://x/", "http://", "http://x:0", "http://x:99999"),
        *("http://a@x/", "http://x/\r\nY: z", "http://x/ y", "http://\u0661/", "http://[::1"),
    ],
)
def test_what_is_no_address_is_refused(url):
    with refused_with("url", match="is no address"):
        post(url, b"x", "text/plain")
