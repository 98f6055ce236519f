"""Texts from a file or a question instead of the command line, and how one is written as it is."""

import pytest

from ledger import typed
from ledger.errors import Refused


def text(given):
    return typed.text(given, lambda: "as asked")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Mother rang", "Mother rang"),
        ("", ""),
        ("-", "as asked"),
        ("--", "--"),
        ("a@example.org", "a@example.org"),
        ("@@home", "@home"),
        ("@@", "@"),
        ("@-", "-"),
        ("@@-", "@-"),
    ],
)
def test_what_a_text_means(given, meant):
    """Only a leading @ and a single - mean more than they say."""
    assert text(given) == meant


@pytest.mark.parametrize(
    ("content", "meant"),
    [(b"Seen at A&E\n", "Seen at A&E"), (b"\xef\xbb\xbfOne\r\ntwo\r\n", "One\r\ntwo"), (b"", "")],
)
def test_a_text_is_read_from_a_file(tmp_path, content, meant):
    """With a byte-order mark or without, and without its margins."""
    (tmp_path / "why.txt").write_bytes(content)
    assert text(f"@{tmp_path}/why.txt") == meant


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"x" * 65_537, "text-long"), (b"\xff", "text-encoding"), (None, "text-file")],
)
def test_a_file_that_holds_no_text_is_refused(tmp_path, content, code):
    """Too long, of another encoding, not there; a folder is no file either."""
    path = tmp_path / "why.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        text(f"@{path}")
    assert refused.value.code == code
    with pytest.raises(Refused):
        text(f"@{tmp_path}")


def test_a_file_of_just_the_most_is_read(tmp_path):
    (tmp_path / "why.txt").write_bytes(b"x" * 65_536)
    assert len(text(f"@{tmp_path}/why.txt")) == 65_536
