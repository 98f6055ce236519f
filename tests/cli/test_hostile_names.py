"""No name or text of a ledger rings a bell, moves the cursor or writes a line of its own."""

import re
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import names
from ledger.terminal import on_one_line, say
from projections.queries.blocks import Grid, Heading, Lines, Places, Signature
from projections.queries.question import Answer
from projections.rendering.screen import show
from projections.rendering.text import as_text
from tests.cli.shell import at_terminal, questions, run, typed
from tests.commands.conftest import upn

BELL = "\x1b]0;pwn\x07"
HOSTILE = f"Bee{BELL}\nFORGED 2026-11-10/AM: I -> /\x9b2J\u202e"
BAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]|^FORGED", re.MULTILINE)
UNSEEN = "\x1b\x07\x00\x85\x9b\u2028\u202e\u200b\ue000\ud800\U000e0001"
TEXTS = st.text(st.sampled_from(f"aé \n\r\t{UNSEEN}"))


@pytest.fixture(autouse=True)
def _older(monkeypatch, small):  # noqa: ARG001 - where it is
    """An older version kept names as they came."""
    monkeypatch.setattr(names, "category", lambda _: "Lu")
    monkeypatch.setattr(names, "_BLANKS", re.compile("(?!)"))
    typed("terms set Spring --first 2027-01-05 --last 2027-03-25", "--as", "mm")
    more = ("--local-id", "P9", "--surname", HOSTILE, "--forename", HOSTILE, "--dob", "2014-10-01")
    where = ("--year", "Y7", "--registration", "7A", "--starts-on", "2026-09-02")
    assert run("--as", "mm", "pupil", "enrol", "--upn", upn(9), *more, *where).code == 0
    hostile = ("--name", HOSTILE, "--job-title", HOSTILE)
    assert run("--as", "mm", "staff", "add", "H9", *hostile).code == 0


MARK = "2026-11-19/AM"
WRITES = (
    ("mark", "P9", MARK, "N"),
    ("amend", "--pupil", "P9", "--session", MARK, "--code", "I", "--reason", HOSTILE),
    ("amend", "--pupil", "P9", "--session", MARK, "--code", "N", "--reason", "x", "--dry-run"),
    ("plan", "add", "--pupil", "P9", "--session", "2026-11-23/AM", "--code", "V"),
    ("pupil", "enrol", "--upn", upn(9), "--surname", HOSTILE, "--forename", "x", "--dob", "x"),
    ("pupil", "move", "P9", HOSTILE),
    ("pupil", "find", HOSTILE),
    ("amend", "--pupil", HOSTILE, "--session", MARK, "--code", HOSTILE, "--reason", "x"),
    ("register", "show", "--group", HOSTILE),
    ("rates", "--from", HOSTILE),
)


def test_what_commands_and_questions_say_is_seen(monkeypatch):
    """In a file and on a terminal, what was done and what was refused."""
    monkeypatch.setenv("TERM", "dumb")
    said = {words: run("--as", "H9", *words) for words in WRITES}
    assert "Bee" in said[WRITES[1]].out
    pairs = [("history", upn(9)), ("history", upn(9), "2026-11-19/AM"), ("replay", upn(9))]
    asked = [tuple(each.split()) for each in questions() if "{" not in each] + pairs
    asked += [("register", "show", "--group", "7A", "--week", "2026-11-16")]
    for terminal in (False, True):
        if terminal:
            monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        for words in asked:
            said[words, terminal] = run(*words)
            said[words, terminal, "json"] = run(*words, "--json")
    code, rows = at_terminal("changes", "--csv")  # a file gets the texts as they stand
    assert (code, "\\u000aFORGED" in rows) == (0, True)
    assert not BAD.search(rows.replace("\r\n", "\n"))
    for words, shown in said.items():
        for text in (shown.out, shown.err):
            assert not BAD.search(text), (words, BAD.search(text), text)


@given(TEXTS)
def test_a_line_is_one_line_and_all_of_it_is_seen(text):
    seen = on_one_line(text)
    assert "\n" not in seen
    unseen = {c for c in seen if category(c) in ("Cc", "Cs", "Co", "Cn")}
    assert unseen <= {"\t"}
    assert seen == text or "\\u" in seen


@given(TEXTS)
def test_whatever_an_answer_is_made_of_is_as_many_lines_as_it_has(text):
    grid = Grid(text, [text, "b"], [[text, "c"]], notes=[text])
    for block, count in (
        (Heading(text), 2),
        (Lines([text, text]), 2),
        (Places(f"t{text}", [(text, text)]), 3),
        (Signature(text), 4),
        (Signature(text, text), 4),
        (grid, 6),
    ):
        lines = as_text([block])
        assert len(lines) == count
        assert not BAD.search("".join(lines))


@given(TEXTS)
def test_what_is_drawn_on_a_terminal_is_seen(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "dumb")
        patch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        drawn = []
        patch.setattr("projections.rendering.screen.write", drawn.append)
        patch.setattr("ledger.terminal.write", lambda said, **_: drawn.append(said))
        show(Answer({}, blocks=[Grid(text, [text, "b"], [[text, "c"]], notes=[text])]))
        say(f"x{text}", f"x{text}")
    assert not BAD.search("".join(drawn))
    begun = [line.partition(" ")[0][:1] for line in drawn[-1].splitlines()]
    assert [each for each in begun if each] == ["x", "x"]  # what goes on is set in
