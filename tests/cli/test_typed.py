"""Personal texts of options are asked for, piped in, or read from a file."""

import pytest

import cli
from ledger import form
from tests.cli.shell import at_terminal, done, model, refused, run
from tests.commands.conftest import upn

PLACES = cli.places()

NOT_OF_A_PERSON = {
    "address_confidential", "answers", "at", "am_closes", "am_opens", "and_", "asked_on", "batch",
    "by_staff", "care", "code", "cohort", "diff", "earliest", "estab", "field", "from_",
    "from_code", "ground", "group", "include_free_text", "into", "key", "kind", "known_at",
    "la_code", "la_ref", "latest", "leave", "listen", "lives_with", "map_", "no_contact",
    "outcome", "parent", "parental_responsibility", "phase", "pm_closes", "pm_opens", "purpose",
    "registration", "relationship", "role", "school", "session", "sex", "since", "staff", "to_",
    "to_code", "trust", "type", "urn", "was", "witness", "year",
}  # fmt: skip
"""Options that hold a code, a time, an id, a word of a list or a name of no person."""


def test_each_text_option_is_said_to_be_of_a_person_or_not():
    """A new option has to be decided on."""
    texts = {
        f.name for p in PLACES for f in form.fields(model(p)) if f.kind is str and not f.argument
    }
    undecided = texts - form.PERSONAL - NOT_OF_A_PERSON
    assert undecided == set()
    assert texts >= NOT_OF_A_PERSON
    assert not NOT_OF_A_PERSON & form.PERSONAL


def told(pupil):
    rows = run("history", pupil, "2026-11-20/AM", "--json").json["rows"]
    return [row["reason"] for row in rows]


AMEND = ("--as", "mm", "amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code")


@pytest.fixture
def marked(small):
    done("--as", "mm", "mark", "P1", "2026-11-20/AM", "N", "--reason", "Late list")
    return small


@pytest.mark.usefixtures("marked")
def test_reasons_come_from_a_pipe_a_file_or_as_they_are(tmp_path):
    """What begins with @ is written with another."""
    (tmp_path / "why.txt").write_text("Seen at A&E\n")
    done(*AMEND, "I", "--reason", "@why.txt")
    done(*AMEND, "M", "--reason", "-", stdin=b"Letter of the clinic\n")
    done(*AMEND, "I", "--reason", "@@home all day")
    assert told("P1")[1:] == ["Seen at A&E", "Letter of the clinic", "@home all day"]


@pytest.mark.usefixtures("marked")
def test_several_texts_are_piped_in_a_line_each():
    """In the order in which they are given."""
    enrol = ("--as", "mm", "pupil", "enrol", "--starts-on", "2026-11-20")
    given = ("--surname", "-", "--forename", "-", "--dob", "-", "--upn", "-")
    done(*enrol, *given, stdin=f"Vale\nDot\n2014-10-04\n{upn(4)}\n".encode())
    assert "Dot Vale" in done("pupil", "find", "Vale").out


@pytest.mark.usefixtures("marked")
def test_a_text_is_asked_for_on_a_terminal():
    code, screen = at_terminal(*AMEND, "I", "--reason", "-", script=[("reason", "By letter\n")])
    assert code == 0, screen
    assert told("P1")[1:] == ["By letter"]


@pytest.mark.usefixtures("marked")
def test_nothing_piped_in_is_refused():
    assert "nothing was piped in for reason" in refused(*AMEND, "I", "--reason", "-")


@pytest.mark.usefixtures("marked")
def test_a_birth_date_from_a_file_is_read_as_one(tmp_path):
    """And refused as one."""
    (tmp_path / "dob").write_text("2014-13-01")
    enrol = ("--as", "mm", "pupil", "enrol", "--upn", "x", "--surname", "V", "--forename", "D")
    assert "2014-13-01" in refused(*enrol, "--starts-on", "2026-11-20", "--dob", "@dob")


def test_the_help_says_how():
    said = " ".join(done("amend", "--help").out.split())
    assert "--pupil, --reason" in said
    assert "@@home, @-" in said
    assert "a claim that nothing checks" in " ".join(done("--help").out.split())
