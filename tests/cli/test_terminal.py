"""At a terminal answers are tables folded to its width, and long work shows a bar."""

import pytest

from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer
from projections.rendering import screen
from tests.cli.shell import at_terminal, done, run

BAR = "\x1b[?25l"
"""A bar hides the cursor."""


def drawn(*args):
    code, shown = at_terminal(*args)
    assert code == 0
    return shown


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("rebuild",), "replaying"),
        (("mark", "P1", "2026-11-20/AM", "N"), "bringing views"),
        (("init",), ""),
    ],
)
@pytest.mark.usefixtures("small")
def test_bar_is_shown_at_a_terminal_only(args, what):
    """Progress is for eyes: nothing of it reaches a pipe, or the answer."""
    code, shown = at_terminal(*args)
    assert code == (1 if args == ("init",) else 0)
    assert (BAR in shown) == bool(what)
    assert what in shown
    piped = run(*args)
    assert what not in piped.err or not what
    assert "\x1b" not in piped.out + piped.err


@pytest.mark.usefixtures("demo")
def test_table_at_a_terminal_is_folded_to_its_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    shown = drawn("rates", "--by", "year")
    assert "Attendance by year" in shown
    assert "\x1b[1mAll" in shown
    assert "rules sha256:" in shown
    plain = run("rates", "--by", "year").out
    assert max(map(len, plain.splitlines())) > 100


@pytest.mark.usefixtures("demo")
def test_table_without_total_at_a_terminal():
    assert "pupils found for 'a'" in drawn("pupil", "find", "a")


def test_table_too_long_for_a_screen_is_plain(monkeypatch, capsys):
    """Hundreds of rows are for a pager or a search: one line each."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    rows = [(str(n), "x" * 200) for n in range(screen._SCREENS + 1)]
    screen.show(Answer({}, blocks=[Grid("Long", ("N", "X"), rows)]))
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 4


def test_lines_are_shown_as_they_are(capsys):
    screen.show(Answer({}, blocks=[Lines(["one", "two"])]))
    assert capsys.readouterr().out == "one\ntwo\n"


@pytest.mark.usefixtures("small")
def test_markup_in_a_reason_is_shown_as_it_is(monkeypatch):
    """A reason in square brackets is text, not colour."""
    monkeypatch.setenv("COLUMNS", "300")
    run("mark", "P1", "2026-11-20/AM", "N", "--reason", "[red]late[/red]")
    assert "[red]late[/red]" in drawn("history", "P1")


@pytest.mark.usefixtures("small")
def test_rows_at_a_terminal_are_as_long_as_they_are():
    """Whoever copies them copies rows: none is folded to the width."""
    done("mark", "P1", "2026-11-20/AM", "N")
    shown = drawn("history", "P1", "--csv").replace("\r\n", "\n")
    assert max(map(len, shown.splitlines())) > 100
    assert shown == run("history", "P1", "--csv").out


@pytest.mark.usefixtures("demo")
def test_json_at_a_terminal_is_a_document_too():
    asked = ("rates", "--by", "year", "--json")
    assert drawn(*asked).replace("\r\n", "\n") == run(*asked).out


def test_a_long_answer_is_read_page_by_page_at_a_terminal(monkeypatch, capsys):
    paged = []
    monkeypatch.setattr("pydoc.pager", paged.append)
    answer = Answer({}, blocks=[Lines(["one"]), Grid("Two", ("N",), [("3",)])], paged=True)
    screen.show(answer)
    assert (paged, capsys.readouterr().out[:8]) == ([], "one\nTwo\n")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    screen.show(answer)
    assert paged[0].startswith("one\nTwo\n")
