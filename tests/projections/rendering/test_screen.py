"""The files of an answer are written whole or not at all."""

import errno
import os

import pytest

from ledger.errors import Refused
from projections.queries.question import Answer, Page
from projections.rendering.screen import show


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("before", [None, "the letter of before"])
def test_page_that_is_broken_off_leaves_what_was_there(tmp_path, monkeypatch, before, failure):
    """A full disk or Ctrl-C leaves no half of a letter, and the letter of before whole."""
    path = tmp_path / "letter.html"
    if before is not None:
        path.write_text(before, encoding="utf-8")

    def fail(_):
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Refused if isinstance(failure, OSError) else KeyboardInterrupt):
        show(Answer({}, pages=[Page(path, "a new letter")]), replace=True)
    left = [each.read_text(encoding="utf-8") for each in tmp_path.iterdir()]
    assert left == ([] if before is None else [before])


def test_page_is_written_over_the_one_of_before_where_that_is_asked(tmp_path, capsys):
    """Where it is, is said on stderr."""
    path = tmp_path / "letter.html"
    for text in ("first", "second"):
        show(Answer({}, pages=[Page(path, text)]), replace=True)
    assert path.read_text(encoding="utf-8") == "second"
    assert capsys.readouterr().err == f"written to {path}\n" * 2
