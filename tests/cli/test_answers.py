"""Answers: one JSON document, CSV with a header, text that ends with its provenance."""

import contextlib
import csv
import io
import os
import re
import sys
from unittest import mock

import pytest

import cli
from tests.cli.shell import asking, done, ended, misused, program, questions, refused, run

AS_OF = ["school", "on", "from", "known_at", "clock", "position", "root", "rules", "software"]
WITHOUT_ROWS = ("overview", "status")
LISTS = [words for words in questions() if words not in WITHOUT_ROWS]
TABLES = ("rules", "casework kinds")
"""What is told of no register, and known at any time."""
FIGURES = [w for w in questions() if not w.startswith("export ") and w not in TABLES]
"""Questions about what the ledger knows: not those that write files, nor those about the law."""
MARK = ("mark", "P1", "2026-11-20/AM", "N")


@pytest.fixture(params=questions())
def asked(request, somebody, tmp_path) -> list[str]:
    return asking(request.param, upn=somebody, folder=tmp_path / "out")


@pytest.fixture(params=FIGURES)
def figures(request, somebody, tmp_path) -> list[str]:
    return asking(request.param, upn=somebody, folder=tmp_path / "out")


def test_json_is_one_document_that_begins_with_its_provenance(asked):
    shown = done(*asked, "--json")
    assert shown.out.endswith("}\n")
    document = shown.json
    as_of = document["as_of"]
    assert (next(iter(document)), list(as_of)) == ("as_of", AS_OF)
    assert [as_of[n] for n in ("on", "from", "school")] == ["2026-11-20", "2026-09-01", "999101"]


def test_text_ends_with_its_provenance(asked):
    shown = done(*asked)
    last = shown.out.rstrip().splitlines()[-1]
    if asked == ["status"]:  # its own lines are its provenance: the ledger and its last event
        assert "Exampleton High School" in shown.out
        return
    assert last.startswith("Exampleton High School (999101); 2026-09-01 to 2026-11-20; as known")
    assert shown.out.count("; rules sha256:") == 1


@pytest.mark.parametrize("words", LISTS)
@pytest.mark.usefixtures("demo")
def test_csv_has_a_header_and_a_line_for_each_row(somebody, tmp_path, words):
    args, again = (asking(words, upn=somebody, folder=tmp_path / n) for n in ("out", "out2"))
    rows = run(*args, "--json").json["rows"]
    assert isinstance(rows, list)
    shown = done(*again, "--csv")
    header, *lines = csv.reader(io.StringIO(shown.out))
    assert len(set(header)) == len(header) >= 2
    assert len(lines) == len(rows)
    assert {len(line) for line in lines} <= {len(header)}
    for row, line in zip(rows, lines, strict=True):
        plain = {k: v for k, v in row.items() if isinstance(v, str) and k in header}
        assert plain.items() <= dict(zip(header, line, strict=True)).items()


@pytest.mark.usefixtures("demo")
def test_csv_of_a_register_has_a_column_for_each_session():
    week = ("register", "show", "--group", "9A")
    rows = run(*week, "--json").json["rows"]
    found = list(csv.DictReader(io.StringIO(run(*week, "--csv").out)))
    assert [*found[0]][:3] == ["upn", "name", "2026-11-16/AM"]
    for row, line in zip(rows, found, strict=True):
        assert [line[c["session"]] for c in row["cells"]] == [
            c["code"] or "" for c in row["cells"]
        ]


@pytest.mark.parametrize("words", WITHOUT_ROWS)
@pytest.mark.usefixtures("demo")
def test_csv_of_what_is_no_list_is_refused(words):
    """What has no rows is not printed as an empty file."""
    assert "--json" in refused(words, "--csv")


@pytest.mark.usefixtures("demo")
def test_json_and_csv_together_are_wrong_usage():
    assert "--json or --csv" in misused("rates", "--json", "--csv")


@pytest.mark.usefixtures("small")
def test_names_keep_their_letters_in_a_pipe():
    """Output to a pipe is UTF-8, whatever encoding the machine has."""
    run("staff", "add", "zl", "--name", "Zoë Łuk", "--job-title", "Teacher")
    run("--as", "zl", *MARK)
    odd = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    found = program("history", "P1", env=odd, encoding="utf-8")
    assert (found.returncode, found.stderr) == (0, "")
    assert "Zoë Łuk, Teacher" in found.stdout


def test_output_may_be_taken_by_a_program_in_python(demo):
    asked = mock.patch.object(sys, "argv", ["attendance", "--ledger", str(demo), "status"])
    with asked, contextlib.redirect_stdout(io.StringIO()) as out:
        assert ended() == 0
    assert "Exampleton High School" in out.getvalue()


# -- a point in time ---------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_answer_to_the_same_question_stays_the_same(tmp_path, at):
    run(*MARK)
    position = run("status", "--json").json["as_of"]["position"]
    then = ("--on", "2026-11-20", "--from", "2026-09-02", "--known-at", "2026-11-20T21:00:00")
    upn = run("rates", "--json").json["rows"][0]["upn"]

    def answers(folder: str) -> dict[str, bytes]:
        found = {}
        for words in questions():
            args = asking(words, upn=upn, folder=tmp_path / folder, group="7A")
            found[words] = done(*args, *then, "--position", position, "--json").out.encode()
        return found

    before = answers("before")
    at("2026-11-23T09:30")
    done("amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code", "I", "--reason", "x")
    done("mark", "P2", "2026-11-20/AM", "O")
    done("pupil", "correct", "P3", "--field", "surname", "--to", "Slate", "--reason", "x")
    assert run("rates", "--json").json["total"]["codes"] == {"I": 1, "O": 1}
    assert answers("after") == before


def test_known_at_before_the_first_event_is_no_zero(figures):
    early = ("--known-at", "2026-01-01")
    text = done(*figures, *early).out
    assert "the ledger's first event was recorded at 2026-11-20 21:00:00 London" in text
    document = run(*figures, *early, "--json").json
    assert document["knows_nothing"] is True
    assert document["as_of"]["position"] == 0
    assert document["as_of"]["known_at"] == "2026-01-01T23:59:59.999999Z"
    assert not document.get("rows")


@pytest.mark.parametrize("words", FIGURES)
@pytest.mark.usefixtures("demo")
def test_csv_of_what_was_not_known_is_said_on_stderr(somebody, tmp_path, words):
    """An empty table alone would look like a zero."""
    args = asking(words, upn=somebody, folder=tmp_path / "out")
    shown = run(*args, "--known-at", "2026-01-01", "--csv")
    assert shown.code == 0
    assert shown.out.count("\n") <= 1
    assert "first event" in shown.err


@pytest.mark.usefixtures("demo")
def test_export_of_what_was_not_known_is_refused():
    refused("export", "portable", "out", "--known-at", "2026-01-01")


def test_position_0_knows_nothing(figures):
    assert run(*figures, "--position", "0", "--json").json["knows_nothing"] is True


@pytest.mark.parametrize("later", ["2026-11-21", "2026-11-20T21:00:01", "2026-11-20T21:01:00Z"])
def test_known_at_later_than_now_is_refused(asked, later):
    assert "later than now" in refused(*asked, "--known-at", later)


def test_known_at_today_means_until_now(asked):
    as_of = done(*asked, "--known-at", "2026-11-20", "--json").json["as_of"]
    assert as_of["known_at"] == "2026-11-20T21:00:00Z"


def test_time_that_london_skipped_is_refused(asked):
    """There was no half past one on the last Sunday of March."""
    assert "does not exist in London" in refused(*asked, "--known-at", "2026-03-29T01:30")


def test_time_that_london_had_twice_is_the_first(figures):
    as_of = run(*figures, "--known-at", "2026-10-25T01:30", "--json").json["as_of"]
    assert as_of["known_at"] == "2026-10-25T00:30:00Z"


def test_position_bounds_what_is_known(asked):
    half = run(*asked, "--position", "3000", "--json")
    assert (half.code, half.json["as_of"]["position"]) == (0, 3000)


def test_source_clock_is_told(asked):
    early = ("--clock", "source", "--known-at", "2026-10-01", "--json")
    as_of = done(*asked, *early).json["as_of"]
    assert as_of["clock"] == "source"
    assert re.match(r"sha256:[0-9a-f]{64}$", as_of["rules"])


@pytest.mark.parametrize("words", FIGURES)
@pytest.mark.usefixtures("empty")
def test_ledger_without_a_school_can_be_asked(words, tmp_path):
    shown = run(*asking(words, upn="nobody", folder=tmp_path / "out"))
    assert shown.code in (0, 1)
    assert bool(shown.out) != bool(shown.err)
    assert words in {" ".join(p.words) for p in cli.places()}
