"""A clock that was wrong once, as a school meets it: what it is told, and what it does."""

import re

import pytest

from tests.cli.shell import done, refused, run

WRONG, BACK = "2026-12-28T10:00", "2026-11-20T21:30"


@pytest.fixture
def marked(small, at):
    """N was entered for P1 while the register was open."""
    at("2026-11-20T08:50")
    done("mark", "P1", "2026-11-20/AM", "N")
    return small


@pytest.fixture
def ahead_once(marked, at):
    """Then one entry was recorded on a day when the clock was wrong; its position."""
    del marked
    at(WRONG)
    done("staff", "add", "m2", "--name", "Mallow Marsh", "--job-title", "Clerk")
    at(BACK)
    return int(re.search(r"Events +(\d+)", run("status").out)[1])


AMEND = (
    "amend",
    "--pupil",
    "P1",
    "--session",
    "2026-11-20/AM",
    "--code",
    "I",
    "--reason",
    "Called",
)
OF_DAY = ("--from", "2026-11-20", "--on", "2026-11-20")


def command_in(text):
    """Return the words of the command that is printed to be typed."""
    [found] = re.findall(r'attendance ((?:--\S+ \S+ )*clock correct \d+ \d+ --reason) "…"', text)
    return found.split()


def test_what_is_printed_is_what_has_to_be_done(ahead_once):
    """Refused with the command; recorded by it; then all figures and dates agree."""
    said = refused(*AMEND)
    assert "clock says Friday 20 November 2026, 21:30:00" in said
    assert f"entry {ahead_once} was recorded on Monday 28 December 2026, 10:00:00" in said
    assert "37 days later" in said
    corrected = done(*command_in(said), "The battery had run down")
    assert "recorded between Friday 20 November 2026, 08:50:00 and Friday 20 Nov" in corrected.out
    assert "N -> I (amendment, on the day" in done(*AMEND).out
    assert "(0 school days" not in run("history", "P1", "2026-11-20/AM").out
    assert (
        "Date             Friday 20 November 2026, 21:30\n"
        in run("history", "P1", "2026-11-20/AM").out
    )
    [row] = run("changes", *OF_DAY, "--json").json["rows"]
    assert (row["late_by_school_days"], row["recorded_at"]) == (0, "2026-11-20T21:30:00Z")
    rates = ("rates", "--pupil", "P1", *OF_DAY, "--json")
    assert run(*rates).json["rows"][0]["codes"] == {"I": 1}
    assert run(*rates, "--known-at", BACK).json["rows"][0]["codes"] == {"I": 1}


@pytest.mark.usefixtures("ahead_once")
def test_a_provenance_printed_at_any_time_gives_the_same_answer_again():
    """While the clock is behind, and after it was corrected: byte for byte."""
    asked = ("rates", *OF_DAY, "--json")
    before = run(*asked)
    done(*command_in(refused(*AMEND)), "The battery had run down")
    done(*AMEND)
    for answer in (before, run(*asked)):
        then = answer.json["as_of"]
        again = run(*asked, "--known-at", then["known_at"], "--position", then["position"])
        assert again.out == answer.out


@pytest.mark.usefixtures("ahead_once")
def test_status_says_at_once_what_to_do(at):
    """And nothing of a clock that is right."""
    said = run("status").out
    assert "NOTHING CAN BE RECORDED" in said
    assert max(map(len, said.splitlines())) < 100
    command = command_in(said)
    assert run("status", "--json").json["clock"]["wrong"] == "clock-behind"
    done(*command, "The battery had run down")
    assert "NOTHING" not in run("status").out
    assert "clock" not in run("status", "--json").json
    at("2027-03-01T09:00")
    assert "attendance clock confirm 2027-03-01" in run("status").out
    assert "NOTHING" not in run("status", "--position", 3).out


@pytest.mark.usefixtures("marked")
def test_entries_of_a_wrong_clock_are_shown_with_what_is_known_of_them(at):
    """Wherever they are: between which times, and what the clock said; lateness to the later."""
    at(WRONG)
    done(*AMEND)
    at("2026-11-24T09:00")
    done(*command_in(refused("staff", "leave", "mm", "--last-day", "2026-12-01")), "It ran down")
    told = (
        "between Friday 20 November 2026, 08:50 and Tuesday 24 November 2026, 09:00; the clock "
        "said Monday 28 December 2026, 10:00"
    )
    page = run("history", "P1", "2026-11-20/AM").out
    assert f"Date             {told} (0 to 2 school days after the session)" in page
    assert f"Recorded         {told}, as entry" in page
    [row] = run("changes", *OF_DAY, "--json").json["rows"]
    assert row["late_by_school_days"] == 2
    assert row["recorded_at"] == "2026-11-24T09:00:00Z"
    assert row["recorded_between"] | {"corrected_by": 0} == {
        "from": "2026-11-20T08:50:00Z",
        "to": "2026-11-24T09:00:00Z",
        "clock_said": "2026-12-28T10:00:00Z",
        "corrected_by": 0,
    }
    paper = run("register", "print", "--group", "7A", "--week", "2026-11-16", "--as-amended").out
    assert "the clock said 2026-12-28 10:00" in " ".join(paper.split())
    gaps = run("gaps").out
    assert "transactions that a wrong clock stamped" in gaps
    assert "It ran down (Mo Marsh, Attendance Officer)" in gaps
    assert "clock had gone back" not in gaps


@pytest.mark.usefixtures("ahead_once")
def test_an_entry_that_nobody_corrected_is_shown_as_the_clock_read():
    """Nobody corrected anything: dates are readings, known-at never falls."""
    rows = run("gaps", "--json").json["rows"]
    assert "clock-back" not in {row["kind"] for row in rows}
    known_at = run("rates", *OF_DAY, "--json").json["as_of"]["known_at"]
    assert known_at == "2026-12-28T10:00:00Z"
