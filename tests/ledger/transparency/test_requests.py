"""What is asked over HTTP: how long is waited, and how much is read of what comes back."""

import urllib.request

import pytest

from ledger.errors import Refused
from ledger.transparency.requests import post
from tests.ledger.outsiders import answering

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("status", [200, 409])
def test_a_mebibyte_of_an_answer_is_read_and_no_more(status):
    """Whoever answers may be anybody, also where they refuse."""
    with answering(status, lambda asked: asked * MEBIBYTE + b"!") as url:
        answer = post(url, b"x", "text/plain")
    assert answer == (status, b"x" * MEBIBYTE)


def test_what_does_not_answer_in_half_a_minute_is_not_waited_for(monkeypatch):
    """What is posted says of what type it is."""
    asked = []

    def nothing(request, *, timeout):
        asked.append((request.data, request.headers, timeout))
        raise TimeoutError

    monkeypatch.setattr(urllib.request, "urlopen", nothing)
    with pytest.raises(Refused, match="nothing answers"):
        post("http://127.0.0.1:9", b"x", "text/plain")
    assert asked == [(b"x", {"Content-type": "text/plain"}, 30)]
