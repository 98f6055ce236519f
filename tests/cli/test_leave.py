"""Leave from the first request to a pupil who turns up, as the office types it."""

import pytest

from tests.cli.shell import done, refused, run, typed

SCHOOL = """
init --staff mm --name "Mo Marsh" --job-title Officer --role attendance_officer
school set --urn 123456 --name Example --la-code 887 --estab 4001 --type maintained
    --phase secondary
terms set Autumn --first 2026-11-02 --last 2026-12-18
register times --from 2026-11-02 --am-opens 08:45 --am-closes 08:55
    --pm-opens 13:50 --pm-closes 14:00
staff add head --name Hope --job-title Head --role head
pupil enrol --upn D887400126001 --local-id P1 --surname Quill --forename Ada --dob 2014-10-01
    --starts-on 2026-11-02 --registration 7A --new-group
"""
ASKED = """
leave request P1 --from 2026-11-23 --to 2026-11-23 --purpose holiday --asked-on 2026-11-19
    --asked-by "Una Quill"
"""


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A school with a head and one pupil; mm is at the desk."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "leave"))
    monkeypatch.setenv("ATTENDANCE_AS", "mm")
    typed(SCHOOL)
    return tmp_path / "leave"


@pytest.fixture
def leave_id(ledger):
    """A request for leave in it, that is not decided."""
    typed(ASKED, "--ledger", ledger)
    [row] = run("leave", "--open", "--json").json["rows"]
    return row["id"]


def refuse(leave_id):
    done("--as", "head", "leave", "refuse", leave_id, "--reason", "Not exceptional")


def test_leave_from_request_to_return(leave_id, at):
    """Asked, granted, planned, entered over: each step shows where it should and nowhere else."""
    grant = ("leave", "grant", leave_id, "--reason")
    assert "roles that may decide on leave" in refused(*grant, "x")
    done("--as", "head", *grant, "A wedding")

    [planned] = run("leave", "--json").json["rows"]
    assert (planned["state"], planned["met"], planned["planned"]) == ("granted", 2, 2)
    expected = run("today", "--on", "2026-11-23", "--json").json["rows"]
    assert [(r["what"], r["planned"]) for r in expected] == [("planned absence", "C")] * 2
    assert run("rates", "--on", "2026-11-23", "--json").json["total"]["possible"] == 0

    at("2026-11-23T08:50")
    done("mark", "P1", "2026-11-23/AM", "/")
    at("2026-11-23T14:30")
    done("register", "take", "--group", "7A", "--session", "2026-11-23/PM", "--rest-present")
    [row] = run("leave", "--json").json["rows"]
    assert [row[n] for n in ("planned", "as_planned", "otherwise")] == [0, 1, 1]
    kinds = [r["kind"] for r in run("history", "P1", "--json").json["rows"]]
    assert sorted(kinds) == ["entry", "entry", "plan", "plan"]
    assert run("changes", "--json").json["rows"] == []


def test_a_letter_is_written_to_a_file(leave_id, tmp_path):
    page = tmp_path / "letter.html"
    letter = ("leave", "letter", leave_id, "--html", page)
    refused(*letter)
    assert not page.exists()
    refuse(leave_id)
    shown = run(*letter).out
    assert "Leave is refused." in shown
    assert "\nHope, Head\n" in shown
    assert "Leave is refused." in page.read_text(encoding="utf-8")


def test_a_school_lays_its_own_words_over_ours(ledger, leave_id, tmp_path):
    """They are in its letter; a broken file is refused with its line, and taken away is ours."""
    refuse(leave_id)
    words, page = ledger / "words" / "leave-letter.txt", tmp_path / "letter.html"
    words.parent.mkdir()

    words.write_text("Dear {{ asked_by }}, no: {{ reason }}\n", encoding="utf-8")
    shown = run("leave", "letter", leave_id, "--html", page).out
    assert "Dear Una Quill, no: Not exceptional" in shown
    assert "Leave is refused." not in shown
    assert "<p>Dear Una Quill, no: Not exceptional</p>" in page.read_text(encoding="utf-8")

    words.write_text("Dear {{ asked_by }},\n{{ why }}\n", encoding="utf-8")
    what, remedy = refused("leave", "letter", leave_id).splitlines()
    assert what == f"refused: {words}:2: no placeholder has the name why"
    assert remedy.startswith("  do:    correct that line, or take the file away")

    words.unlink()
    assert "Leave is refused." in done("leave", "letter", leave_id).out
