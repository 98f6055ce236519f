"""Commands that a text suggests exist, have the options named, and work where they are read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli
from ledger import names
from ledger.errors import Refused, RefusedInLines
from ledger.suggested import Given, suggesting
from tests.cli.shell import done, raising, run

HOME = Path(cli.__file__).parent
ROOTS = ("cli.py", "commands", "projections", "ledger", "policies")
SUGGESTED = re.compile(r"\battendance((?: [a-z][a-z-]*)+)((?: --[a-z-]+(?: [^\s;,.)-]\S*)?)*)")
PROSE = {
    "is", "code", "codes", "register", "registers", "officer", "below", "mark", "marks", "over",
    "and", "by", "of", "data", "has", "ledger", "records",
    "guidance", "the", "was", "for", "at", "in",
}  # fmt: skip
"""What follows the noun in a sentence."""
WORDS = {place.words: place for place in cli.places()}


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text of the source but docstrings, with where it is."""
    for root in ROOTS:
        paths = [HOME / root] if root.endswith(".py") else sorted((HOME / root).rglob("*.py"))
        for path in paths:
            tree = ast.parse(path.read_text())
            docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
            for node in ast.walk(tree):
                value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and id(node) not in docstrings:
                    yield f"{path.relative_to(HOME)}:{node.lineno}", value


def suggested() -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    for where, text in texts():
        for words, options in SUGGESTED.findall(text):
            yield where, tuple(words.split()), re.findall(r"--[a-z-]+", options)


def command_of(words: tuple[str, ...]) -> tuple[str, ...] | None:
    found = [words[:n] for n in range(len(words), 0, -1) if words[:n] in WORDS]
    return found[0] if found else None


def test_every_command_that_a_text_suggests_exists():
    """A remedy that names no command is none."""
    missing = [
        (where, words)
        for where, words, _ in suggested()
        if command_of(words) is None and words[0] not in PROSE
    ]
    assert missing == []
    assert sum(command_of(words) is not None for _, words, _ in suggested()) > 100


def test_every_option_of_a_command_that_a_text_suggests_exists():
    """An option has one name."""
    wrong = []
    for where, words, options in suggested():
        command = command_of(words)
        if command is None or not options:
            continue
        known = {o for p in cli.build(WORDS[command]).params for o in p.opts} | {"--help"}
        wrong += [(where, command, each) for each in options if each not in known]
    assert wrong == []


def filled_in() -> Iterator[tuple[str, str]]:
    """Yield every text that is filled in, ``{}`` where something is, with where it stands."""
    for root in ROOTS[1:]:
        for path in sorted((HOME / root).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [getattr(part, "value", "") for part in node.values]
                    shown = [part if isinstance(part, str) else "{}" for part in parts]
                    yield f"{path.relative_to(HOME)}:{node.lineno}", "".join(shown)


def test_a_command_that_is_suggested_with_its_arguments_has_all_that_it_needs():
    """So that it works when it is copied: what is to be written stands in capitals."""
    given = re.compile(r"\battendance((?: [a-z][a-z-]*)+)((?: \{\}| --)[^;,()]*)")
    lacking, seen = [], 0
    for where, text in filled_in():
        for words, rest in given.findall(text):
            command = command_of(tuple(words.split()))
            if command is not None:
                needed = [p for p in cli.build(WORDS[command]).params if p.required]
                names = [p.opts[0] for p in needed if p.opts[0].startswith("--")]
                lacking += [(where, command, each) for each in names if each not in rest]
                seen += 1
    assert lacking == []
    assert seen > 10


@pytest.mark.usefixtures("small")
def test_what_stands_for_a_reason_is_none(at):
    """A command is copied before it is thought about."""
    at("2026-11-20T14:00")
    done("mark", "P1", "2026-11-20/AM", "N")
    told = run(
        "amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code", "I", "--reason", "WHY"
    )
    assert told.code == 1
    assert "WHY stands where the reason is to be written" in told.err


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger that no variable names."""
    monkeypatch.delenv("ATTENDANCE_LEDGER", raising=False)
    monkeypatch.delenv("ATTENDANCE_AS", raising=False)
    place = tmp_path / "our school"
    init = ("init", "--staff", "H01", "--name", "Hope", "--job-title", "Head")
    done("--ledger", place, *init)
    return place


def test_a_command_is_suggested_as_it_has_to_be_typed(ledger):
    """With the ledger and the name given; a question needs no name; a path is quoted."""
    told = run("--ledger", ledger, "--as", "H01", "mark", "P1", "2026-11-20/AM", "N").err
    assert f"attendance --ledger '{ledger}' pupil find NAME" in told
    said = run("--ledger", ledger, "--as", "X9", "terms", "set", "A", "--first", "2026-09-01",
               "--last", "2026-12-18")  # fmt: skip
    assert f"attendance --ledger '{ledger}' --as STAFF_ID staff add" in said.err
    assert "(--as somebody who is head, authoriser or attendance_officer)" in said.err


def test_where_nobody_is_named_the_name_is_asked_for(ledger, monkeypatch):
    """In capitals, as the help writes what is to be filled in; a variable that is set will do."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(ledger))
    told = run("take-back", "1", "--reason", "x").err
    assert "name yourself with --as STAFF_ID" in told
    monkeypatch.setenv("ATTENDANCE_AS", "X9")
    told = run("take-back", "1", "--reason", "x").err
    assert "or add one with attendance --as STAFF_ID staff add (--as somebody" in told
    monkeypatch.setenv("ATTENDANCE_AS", "H01")
    told = run("staff", "leave", "X9", "--last-day", "2026-11-20").err
    assert told.endswith("see attendance staff add\n")
    monkeypatch.delenv("ATTENDANCE_AS")
    answer = run("notices")
    assert "--ledger" not in answer.out


TEACHER = ("staff", "add", "T1", "--name", "Tess", "--job-title", "Teacher", "--role", "teacher")


@pytest.mark.usefixtures("small")
def test_what_somebody_may_not_do_is_suggested_to_whoever_may(at):
    """A teacher enters a request for leave, and is not told to grant it; the officer is."""
    at("2026-11-20T14:00")
    done(*TEACHER)
    asked = ("leave", "request", "P1", "--from", "2026-12-10", "--to", "2026-12-11", "--purpose",
             "exceptional", "--asked-by", "Ms Quill", "--asked-on", "2026-11-20")  # fmt: skip
    told = done("--as", "T1", *asked).out
    assert "to grant it: attendance --as STAFF_ID leave grant" in told
    assert "--reason WHY (--as somebody who is head or authoriser)" in told
    told = done("--as", "mm", *asked, "--again").out
    assert "to grant it: attendance --as mm leave grant" in told
    assert "somebody" not in told
    refused = run("--as", "T1", "staff", "appoint", "T1", "--role", "head", "--reason", "x").err
    assert "let them do it: attendance --as STAFF_ID staff change STAFF_ID --role" in refused
    assert refused.endswith("(--as somebody who is head or authoriser)\n")


@pytest.mark.usefixtures("small")
def test_whoever_left_is_told_so(at):
    """Their id is no unknown one."""
    at("2026-11-20T14:00")
    done(*TEACHER)
    done("staff", "leave", "T1", "--last-day", "2026-11-19")
    told = run("--as", "T1", "mark", "P1", "2026-11-20/AM", "N").err
    assert "T1 is not on the staff on 2026-11-20: their last day was 2026-11-19" in told
    assert "attendance --as STAFF_ID staff change, where they are back" in told
    told = run("--as", "mm", "staff", "add", "T1", "--name", "T", "--job-title", "T").err
    assert "attendance --as mm staff change" in told


def test_what_a_wrong_clock_and_an_interrupt_suggest_names_the_ledger(small, at, monkeypatch):
    """In a refusal and in `status`, with the name that was typed."""
    monkeypatch.delenv("ATTENDANCE_LEDGER")
    monkeypatch.delenv("ATTENDANCE_AS")
    at("2026-12-28T10:00")
    done("--ledger", small, "--as", "mm", "clock", "confirm", "2026-12-28")
    at("2026-11-20T14:00")
    mark = ("mark", "P1", "2026-11-20/AM", "N")
    told = run("--ledger", small, "--as", "mm", *mark).err
    assert f"attendance --ledger {small} --as mm clock correct" in told
    assert (
        f"attendance --ledger {small} --as STAFF_ID clock correct"
        in run("--ledger", small, "status").out
    )
    monkeypatch.setattr("projections.school.status.Status.answer", raising(KeyboardInterrupt))
    told = run("--ledger", small, "status").err
    assert f"interrupted; attendance --ledger {small} status tells" in told


@pytest.mark.usefixtures("small")
def test_who_may_is_left_out_where_it_cannot_be_looked_up(monkeypatch, at):
    """What was recorded is told all the same."""
    at("2026-11-20T14:00")
    monkeypatch.setattr("commands.core.authority.lacking", raising(Refused("x", "y", "z")))
    told = done("--as", "mm", "leave", "request", "P1", "--from", "2026-12-10", "--to",
                "2026-12-11", "--purpose", "exceptional", "--asked-by", "Ms Quill",
                "--asked-on", "2026-11-20").out  # fmt: skip
    assert "to grant it: attendance --as mm leave grant" in told


LIKE_A_COMMAND = (
    "as the attendance policy of 2026 says; no attendance mark sheet, attendance status open"
)


@pytest.mark.parametrize(
    "question",
    [
        ("history", "P1"), ("history", "P1", "2026-11-20/AM"), ("changes",), ("leave",),
        ("replay", "--group", "7A", "--from", "2026-11-16"), ("disclosures",), ("taken-back",),
        ("register", "show", "--group", "7A", "--week", "2026-11-16"), ("admission",), ("status",),
        ("rates", "--group", "7A"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_somebody_wrote_is_shown_as_it_was_written(small, at, question, monkeypatch):
    """A reason may read like commands: it is what is recorded, and no suggestion."""
    monkeypatch.delenv("ATTENDANCE_LEDGER")
    monkeypatch.delenv("ATTENDANCE_AS")
    at("2026-11-20T14:00")
    by = ("--ledger", small, "--as", "mm")
    told = ("--reason", LIKE_A_COMMAND)
    done(*by, "mark", "P1", "2026-11-20/AM", "N")
    done(*by, "amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code", "I", *told)
    done(*by, "pupil", "correct", "P1", "--field", "forename", "--to", "Adah", *told)
    done(*by, "leave", "request", "P1", "--from", "2026-12-10", "--to", "2026-12-10", "--purpose",
         "exceptional", "--asked-by", "Ms Quill", "--asked-on", "2026-11-20", *told)  # fmt: skip
    shown = done(*by, *question).out
    for last in ("policy of 2026", "mark sheet", "status open"):
        assert shown.count(last) == shown.count(f"attendance {last}")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "command",
    [
        ("amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code", "I", "--dry-run"),
        ("session", "cancel", "2026-11-20/AM", "--dry-run"),
        ("pupil", "correct", "P1", "--field", "forename", "--to", LIKE_A_COMMAND),
    ],
    ids=" ".join,
)
def test_what_a_command_says_of_what_was_typed_is_as_it_was_typed(small, at, command, monkeypatch):
    """A reason is shown back as it was given; what is to be typed next has the ledger."""
    monkeypatch.delenv("ATTENDANCE_LEDGER")
    monkeypatch.delenv("ATTENDANCE_AS")
    at("2026-11-20T14:00")
    by = ("--ledger", small, "--as", "mm")
    done(*by, "mark", "P1", "2026-11-20/AM", "N")
    shown = done(*by, *command, "--reason", f"  {LIKE_A_COMMAND} ").out
    for last in ("policy of 2026", "mark sheet", "status open"):
        assert shown.count(last) == shown.count(f"attendance {last}")


def test_what_is_held_and_told_again_suggests_nothing(small, at, monkeypatch):
    """The reason of another closure, a group's name in a remedy, why a clock was wrong."""
    monkeypatch.delenv("ATTENDANCE_LEDGER")
    monkeypatch.delenv("ATTENDANCE_AS")
    at("2026-11-20T14:00")
    by = ("--ledger", small, "--as", "mm")
    for group in ((), ("--group", "7A")):
        why = LIKE_A_COMMAND if group else "Flood"
        done(*by, "closures", "add", "2026-12-01", *group, "--reason", why)
    shown = done(*by, "closures", "withdraw", "2026-12-01", "--reason", "A slip").out
    assert "attendance policy of 2026 says" in shown
    name = "attendance mark club"
    done(*by, "pupil", "move", "P1", "--kind", "cohort", "--from", "2026-11-20", "--to", name,
         "--new-group")  # fmt: skip
    told = run(*by, "rates", "--group", "attendance marks club").err
    assert f"did you mean '{name}'?" in told
    assert f"attendance --ledger {small} rates --by" in told
    done(*by, "clock", "correct", "3", "4", "--earliest", "2026-01-05", "--reason", LIKE_A_COMMAND)
    assert f"not known: {LIKE_A_COMMAND} (" in done(*by, "gaps").out


def test_a_text_that_was_written_is_shown_without_a_sign():
    """It is set aside while commands are suggested, and is what it was again."""
    given = Given(ledger="l", written=("see attendance status",))
    text = f"see attendance status; {names.as_written('attendance rates')}; attendance gaps"
    told = suggesting(cli.places(), given, text)
    assert told == "see attendance status; attendance rates; attendance --ledger l gaps"
    assert names.shown(names.as_written(LIKE_A_COMMAND)) == LIKE_A_COMMAND


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (RefusedInLines("x", "one\n  two", "z"), "refused: one\n  two\n  do:    z\n"),
        (Refused("x", "one\ntwo", "z"), "refused: one\\u000atwo\n  do:    z\n"),
    ],
)
def test_only_what_is_told_in_lines_is_printed_in_lines(monkeypatch, refused, told):
    """A line feed that somebody typed is no line of ours."""
    monkeypatch.setattr("projections.school.status.Status.answer", raising(refused))
    assert run("status").err == told
