"""The mark of a cancelled session is known no earlier than what it follows from."""

import csv
import shutil
import sys
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from commands.calendar.closures import CancelSessions
from commands.core.command import Context
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.roll.enrol import MovePupil
from commands.school.clock import CorrectClock
from commands.school.school import CreateLedger
from ledger.clock import parse_instant
from ledger.errors import ImportRefused
from ledger.formats.portable import FILES
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator
from projections.figures.rates import Rates
from projections.history.history import History
from projections.queries.view import open_view

NOW = parse_instant("2026-11-21T12:00:00Z")
UPN, OTHER = "K999200018001", "Z999200018002"
DAY = date(2026, 9, 9)
SCHOOL = """
[school]
urn = "999999"
name = "Example High School"
la_code = "887"
estab = "4001"
type = "academy"
phase = "secondary"
[[term]]
name = "Autumn 1"
first = 2026-09-02
last = 2026-10-23
[[closed]]
date = 2026-09-09
sessions = ["AM"]
kind = "cancelled"
reason = "Flood"
"""
CLOSED, JOINED, ENTERED, MARKED = (
    "2026-09-14T00:00:00Z", "2026-10-01T00:00:00Z", "2026-09-21T00:00:00Z", "2026-09-09T09:00:00Z",
)  # fmt: skip
MOMENTS = ("2026-09-08", "2026-09-13", "2026-09-15", "2026-09-22", "2026-10-02", "2026-11-20")


def write(folder, *, groups=True, closed="", joined="", entered="", rows=()):
    """Write a folder: a pupil in FSM, one in none, a session cancelled; times as stated, or none.

    Were everybody in FSM, the session would be cancelled for the whole school.
    """
    folder.mkdir()
    school = SCHOOL + ('groups = ["FSM"]\n' if groups else "")
    school += f"recorded_on = {closed}\n" if closed else ""
    (folder / "school.toml").write_text(school)
    spell = {"surname": "Test", "forename": "Ann", "dob": "2012-05-05", "starts_on": "2026-09-02"}
    tables = {
        "staff.csv": [
            {"staff_id": "A01", "name": "Ada Marsh", "job_title": "Clerk", "roles": "head"}
        ],
        "pupils.csv": [
            {"upn": UPN, "recorded_on": entered, **spell},
            {"upn": OTHER, **spell, "forename": "Bo", "starts_on": "2026-09-01"},
        ],
        "groups.csv": [
            {"upn": UPN, "kind": "cohort", "name": "FSM", "from": "2026-09-02",
             "recorded_on": joined},
        ],
        "marks.csv": [
            {"upn": UPN, "date": str(DAY), "session": "AM", "code": code, "recorded_by": "A01",
             "recorded_on": MARKED}
            for code in rows
        ],
    }  # fmt: skip
    for name, found in tables.items():
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, FILES[name].all, restval="")
            writer.writeheader()
            writer.writerows(found)
    return folder


@pytest.fixture
def office(tmp_path):
    """An empty ledger, and whoever imports into it."""
    made = Context(Ledger(Folder(tmp_path / "ledger")), lambda: NOW, Operator("A01", "t"), watch)
    CreateLedger().carry_out(made)
    return made


def bring(office, folder):
    """Import a folder."""
    return execute(office, ImportPortable(path=folder).load(sys.stdin))


def joins(kind, first):
    """Move the pupil to a group that nobody was in."""
    return MovePupil(pupil=UPN, kind=kind, to="9Z", from_=first, new_group=True)


def ask(office, question):
    """Ask a question; return its document."""
    with open_view(office.folder, question, lambda: NOW) as view:
        return question.answer(view).document


def counts(office, known_at):
    """What the session counts as for the pupil in FSM, by the source, on its day."""
    asked = {"from_": DAY, "on": DAY, "clock": "source", "known_at": known_at}
    rows = ask(office, Rates(**asked))["rows"]
    found = [(r["codes"], r["missing"], r["undated"]) for r in rows if r["upn"] == UPN]
    return found[0] if found else ({}, 0, 0)


def stated_at(office):
    """When each version of the mark was stated."""
    rows = ask(office, History(who=UPN, session=f"{DAY}/AM"))["rows"]
    return [(row["code"], row["stated_at"]) for row in rows]


TIMES = [
    {"groups": groups, "closed": closed, "joined": joined, "entered": entered, "rows": rows}
    for groups, closed, joined, entered, rows in product(
        (True, False), ("", CLOSED), ("", JOINED), ("", ENTERED), ((), ("O",))
    )
]


@pytest.mark.parametrize("times", TIMES, ids=str)
def test_each_moment_knows_no_more_than_was_stated_by_then(office, tmp_path, times):
    """Cancelled for the pupil once closure, roll and membership are known; before, as marked."""
    bring(office, write(tmp_path / "in", **times))
    rows, entered = times["rows"], times["entered"]
    known = max(times["closed"], entered, times["joined"] if times["groups"] else "")
    for moment in MOMENTS:
        end = f"{moment}T23:59:59Z"
        expected = {}, 2, 0
        if known <= end:
            expected = {"Y4": 1}, 1, 0
        elif rows and end >= MARKED:
            expected = {"O": 1}, 1, 0
        if entered <= end:
            assert counts(office, moment) == expected, moment
        else:
            assert counts(office, moment) == ({}, 0, 0), moment
    assert stated_at(office)[-1] == ("Y4", max(known, MARKED if rows else "") or None)


def test_a_cancellation_and_a_membership_recorded_here_are_known_since_then(office, tmp_path):
    """A later import that adds the marks: not before this ledger knew of them."""
    folder = write(tmp_path / "in", groups=False)
    (folder / "school.toml").write_text(SCHOOL.partition("[[closed]]")[0])
    (folder / "groups.csv").unlink()
    bring(office, folder)
    execute(office, joins("registration", date(2026, 10, 1)))
    execute(office, CancelSessions(sessions=(f"{DAY}/AM",), group=("9Z",), reason="Snow"))
    execute(office, joins("year", date(2026, 9, 2)))
    assert stated_at(office) == [("Y4", None)]
    bring(office, folder)
    assert stated_at(office) == [("Y4", "2026-11-21T12:00:00Z")]
    assert counts(office, "2026-11-20") == ({}, 2, 0)


def test_what_a_wrong_clock_stamped_is_known_since_it_was_recorded(office, tmp_path):
    """Nor does it push what came after it to the day that it said."""
    folder = write(tmp_path / "in", groups=False)
    (folder / "school.toml").write_text(SCHOOL.partition("[[closed]]")[0])
    (folder / "groups.csv").unlink()
    bring(office, folder)
    wrong = replace(office, clock=lambda: parse_instant("2027-01-10T12:00:00Z"))
    execute(wrong, joins("registration", date(2026, 10, 1)))
    last = office.folder.head()
    later = replace(office, clock=lambda: parse_instant("2026-11-21T13:00:00Z"))
    correct = CorrectClock(first=last, last=last, reason="The battery had run down")
    execute(later, correct)
    execute(later, CancelSessions(sessions=(f"{DAY}/AM",), group=("9Z",), reason="Snow"))
    execute(later, joins("year", date(2026, 9, 2)))
    bring(later, folder)
    assert stated_at(office) == [("Y4", "2026-11-21T13:00:00Z")]


@pytest.mark.parametrize("recorded", ["2026-10-20T09:00:00Z", ""])
def test_a_membership_and_a_spell_that_end_later_are_known_since_they_began(
    office, tmp_path, recorded
):
    """An end that is stated in autumn takes nothing from what was known of September."""
    first = write(tmp_path / "first", joined=JOINED)
    (first / "school.toml").write_text(SCHOOL.partition("[[closed]]")[0])
    bring(office, first)
    later = write(tmp_path / "later", joined=JOINED)
    for name in ("groups.csv", "pupils.csv"):
        path = later / name
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        rows[0] |= {"recorded_on": recorded}
        rows[0] |= {"to": "2026-10-16"} if name == "groups.csv" else {
            "leaves_on": "2026-10-16", "leaving_ground": "a",
        }  # fmt: skip
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, FILES[name].all)
            writer.writeheader()
            writer.writerows(rows)
    bring(office, later)
    assert stated_at(office) == [("Y4", JOINED)]


def test_a_days_marks_are_judged_by_what_the_ledger_knows(office, tmp_path):
    """A top-up without the school: closure and membership are the ledger's; so is an amendment."""
    first = write(tmp_path / "first", closed=CLOSED, joined=JOINED)
    bring(office, first)
    top_up = tmp_path / "top-up"
    top_up.mkdir()
    shutil.copy(write(tmp_path / "other", rows=("O",)) / "marks.csv", top_up)
    bring(office, top_up)
    assert stated_at(office)[-1][0] == "Y4"
    execute(office, joins("registration", date(2026, 10, 1)))
    execute(office, CancelSessions(sessions=("2026-09-10/AM",), group=("9Z",), reason="Snow"))
    execute(office, joins("year", date(2026, 9, 2)))
    rows = (top_up / "marks.csv").read_text().replace("2026-09-09", "2026-09-10")
    (top_up / "marks.csv").write_text(rows)
    bring(office, top_up)
    found = ask(office, History(who=UPN, session="2026-09-10/AM"))["rows"]
    assert [(row["code"], row["stated_at"]) for row in found] == [
        ("O", "2026-09-10T09:00:00Z"), ("Y4", "2026-11-21T12:00:00Z"),
    ]  # fmt: skip


def test_a_row_about_somebody_not_on_roll_is_refused_as_before(office, tmp_path):
    """The session was cancelled for everyone; the pupil left before."""
    folder = write(tmp_path / "in", groups=False, rows=("O",))
    pupils = (folder / "pupils.csv").read_text().replace("2026-09-02,,", "2026-09-02,2026-09-04,a")
    (folder / "pupils.csv").write_text(pupils)
    with pytest.raises(ImportRefused) as caught:
        bring(office, folder)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("marks.csv", 2)
    assert "not on roll" in str(problem)


def test_a_closure_that_was_planned_first_is_known_as_cancelled_since_it_was_one(office, tmp_path):
    """Stated as planned in September, as cancelled later: nothing was to be entered before."""
    planned = write(tmp_path / "planned", groups=False, closed=CLOSED)
    text = (planned / "school.toml").read_text()
    (planned / "school.toml").write_text(text.replace('"cancelled"', '"planned"'))
    bring(office, planned)
    bring(office, write(tmp_path / "cancelled", groups=False, closed=JOINED))
    assert stated_at(office) == [("Y4", JOINED)]
