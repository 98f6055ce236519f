"""An export is imported into an empty ledger, which then gives the same answers."""

import csv
import errno
import shutil
import sys
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.closures import AddClosure, WithdrawClosure
from commands.calendar.terms import SetRegisterTimes, SetTerm
from commands.core.command import Context
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.leave.request import RequestLeave
from commands.penalties.notices import RecordNotice
from commands.penalties.uncounted import WatchedMarks
from commands.penalties.undercut import watch
from commands.proof.witnesses import TrustWitness
from commands.register.plans import PlanAbsence
from commands.register.take import MarkSession
from commands.roll.correct import MergePupils
from commands.roll.enrol import MovePupil
from commands.roll.families import RecordParent
from commands.school import school as init
from commands.school.school import SetSchool
from commands.school.staff import ChangeStaff
from ledger.clock import iso, local_date, parse_instant
from ledger.errors import Refused
from ledger.ledger import Ledger
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.values import Operator, parse_session
from projections.exports import people, portable_rows
from projections.exports.portable import ExportPortable
from projections.figures.rates import Rates
from projections.history.history import History
from projections.penalties.notices import Notices
from projections.queries.view import open_view
from projections.readmodel.records.roll import Parent
from projections.readmodel.records.school import School, StaffSpell, Term, Times
from tests.ledger.cosigned import WITNESS

SCHOOL = Path(__file__).parents[3] / "fixtures" / "portable"
NOW = parse_instant("2026-11-21T12:00:00Z")
TODAY = local_date(NOW)
HOUR = 3_600_000_000
UPN = "K999200018001"
OF_9B = "R999200018005"
KINDS = (School, StaffSpell, Term, Times, Parent)
MOMENTS = (None, "2026-11-10T12:00:00Z", "2026-11-16T23:00:00Z", "2026-11-18T12:00:00Z")


def clock():
    return NOW


def empty(path):
    context = Context(Ledger(Folder(path)), clock, Operator("A01", "tester"), watch)
    init.CreateLedger().carry_out(context)
    return context


def bring(context, path, **options):
    return execute(context, ImportPortable(path=path, **options).load(sys.stdin))


def answer_to(context, question, now=NOW):
    with open_view(context.folder, question, lambda: now) as view:
        return question.answer(view)


def ask(context, question):
    return answer_to(context, question, context.clock()).document


def export(context, path, **options):
    return ask(context, ExportPortable(path=path, **options))


def imported(folder):
    """A ledger that holds what was exported to a folder, and nothing else."""
    copy = empty(folder.parent / f"copy of {folder.name}")
    assert bring(copy, folder).header is not None
    return copy


def answers(context, **options):
    """Return the rows of rates and of every pupil's history, under the source clock."""
    times = {"clock": "source", **options}
    found = [ask(context, Rates(**times))["rows"]]
    for row in table(SCHOOL / "pupils.csv"):
        rows = ask(context, History(who=row["upn"], **times))["rows"]
        found.append([without(row, "position", "recorded_at") for row in rows])
    return found


def table(path):
    """Return the rows of a CSV file."""
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


@pytest.fixture
def school(tmp_path):
    """A ledger that was imported, with a plan."""
    context = empty(tmp_path / "ledger")
    folder = shutil.copytree(SCHOOL, tmp_path / "folder")
    (folder / "plans.csv").write_text(
        "upn,date,session,code,reason,nature,planned_by,planned_on,step\n"
        f"{UPN},2026-11-12,AM,M,Orthodontist,,A01,2026-11-10T10:00:00Z,planned\n"
        f"{UPN},2026-11-12,AM,C,Interview,,A01,2026-11-11T10:00:00Z,changed\n"
        f"{UPN},2026-11-12,AM,,Cancelled,,A01,2026-11-11T12:00:00Z,withdrawn\n",
        "utf-8",
    )
    bring(context, folder)
    return context


def test_what_was_imported_gives_the_same_answers_again(school, tmp_path):
    """At every moment of knowledge, under the source clock."""
    export(school, tmp_path / "out")
    copy = imported(tmp_path / "out")
    for moment in MOMENTS:
        assert answers(copy, known_at=moment) == answers(school, known_at=moment)


def test_an_export_of_the_copy_is_the_same_bytes(school, tmp_path):
    """Nothing is lost the second time either."""
    export(school, tmp_path / "out")
    export(imported(tmp_path / "out"), tmp_path / "again")
    for file in (tmp_path / "out").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_an_export_adds_nothing_to_the_ledger_that_it_came_from(school, tmp_path):
    """Every row of it is held."""
    export(school, tmp_path / "out")
    assert bring(school, tmp_path / "out").header is None


def test_what_was_recorded_here_is_stated_with_its_time(school, tmp_path):
    """Marks, late entries with their reason, amendments and plans of persons here."""
    session, later = parse_session("2026-11-06/AM"), parse_session("2026-11-25/AM")
    for command, place, code, reason in (
        (MarkSession, session, "/", "Overlooked"),
        (AmendMarks, session, "M", "Card seen"),
        (PlanAbsence, later, "M", "Orthodontist"),
    ):
        execute(school, command(pupil=UPN, session=place, code=code, reason=reason))
    export(school, tmp_path / "out")
    copy = imported(tmp_path / "out")
    rows = [ask(each, History(who=UPN, on=later.date))["rows"] for each in (school, copy)]
    ours = ("position", "recorded_at", "stated_at", "by", "batch_number", "imported_by")
    assert [without(r, *ours) for r in rows[0]] == [without(r, *ours) for r in rows[1]]
    assert rows[1][0]["stated_at"] == "2026-11-21T12:00:00Z"
    assert ask(school, Rates())["rows"] == ask(copy, Rates())["rows"]


def test_kinds_that_times_do_not_give_are_written(school, tmp_path):
    """A re-statement is no amendment by anybody; derived kinds stay empty."""
    export(school, tmp_path / "out")
    rows = table(tmp_path / "out" / "amendments.csv")
    assert {r["kind"] for r in rows} == {"", "restated"}
    marks = table(tmp_path / "out" / "marks.csv")
    assert {r["kind"] for r in marks} == {""}


def test_a_part_of_the_sessions_is_exported_where_asked(school, tmp_path):
    """--from and --on bound the marks and their changes, not the school."""
    day = parse_session("2026-11-10/AM").date
    document = export(school, tmp_path / "out", from_=day, on=day)
    counts = {row["file"]: row["rows"] for row in document["rows"]}
    assert (counts["marks.csv"], counts["amendments.csv"], counts["pupils.csv"]) == (14, 3, 8)


def test_the_ground_of_a_withdrawal_comes_back(school, tmp_path):
    """Stated here, it is in the folder and in the copy; an older folder leaves it as it was."""
    told = {"parent_id": "P01", "pupil": UPN, "kind": "s444A", "issued_on": date(2026, 3, 2)}
    period = {"offence_first": date(2026, 2, 2), "offence_last": date(2026, 2, 2)}
    ground = {"withdrawn_on": date(2026, 3, 9), "withdrawn_ground": "8(1)(b)"}
    execute(school, RecordNotice(**told, **period, **ground))
    export(school, tmp_path / "out")
    copy = imported(tmp_path / "out")
    rows = [[dict(row) for row in ask(each, Notices())["rows"]] for each in (school, copy)]
    assert [row["withdrawn_ground"] for row in rows[0]] == [None, None, "8(1)(b)"]
    assert [row["withdrawn_ground"] for row in rows[1]] == [None, None, "8(1)(b)"]
    bring(copy, SCHOOL)
    again = [row["withdrawn_ground"] for row in ask(copy, Notices())["rows"]]
    assert again == [None, None, "8(1)(b)"]


def test_files_without_rows_are_not_written(school, tmp_path):
    """But those that a folder must hold are."""
    document = export(school, tmp_path / "out", on=parse_session("2026-09-01/AM").date)
    assert {row["file"] for row in document["rows"]} >= {"marks.csv"}
    assert not (tmp_path / "out" / "amendments.csv").exists()


def test_who_is_beyond_use_is_left_out(school, tmp_path):
    """Without a UPN nothing can be said of a pupil; the number is told."""
    gone = ("N999200018003", "F999200018006", UPN)
    ring = KeyRing(school.folder.keys)
    for subject in (*map(ring.find_pupil, gone), "parent:P03"):
        ring.destroy(subject, at=NOW)
    ring.close()
    document = export(school, tmp_path / "out")
    assert document["left_out"] == 3
    for file in (tmp_path / "out").iterdir():
        text = file.read_text("utf-8")
        assert not any(name in text for name in (*gone, "P03"))
    imported(tmp_path / "out")


@pytest.mark.parametrize(
    ("place", "what"),
    [
        (SCHOOL, "something is already"),
        (SCHOOL / "staff.csv", "something is already"),
        (SCHOOL / "staff.csv" / "out", "cannot be written: Not a directory"),
    ],
    ids=["a folder that is not empty", "a file", "under a file"],
)
def test_a_place_that_will_not_do_is_refused(school, place, what):
    """An answer, not a traceback; nothing is written over."""
    with pytest.raises(Refused, match=what):
        export(school, place)


def test_an_empty_ledger_has_nothing_to_export(tmp_path):
    """Also one that did not know the school at the time asked for."""
    with pytest.raises(Refused) as caught:
        export(empty(tmp_path / "ledger"), tmp_path / "out")
    assert caught.value.code == "school-unknown"


def left(document):
    """How many rows of which file an export left out, by why."""
    return {(row["file"], row["why"]): row["rows"] for row in document["rows_left_out"]}


def moved(target, file, old, new):
    """Copy the school's folder with one text changed, and no mark."""
    shutil.copytree(SCHOOL, target)
    header = (target / "marks.csv").read_text("utf-8").splitlines()[0]
    (target / "marks.csv").write_text(header + "\n", "utf-8")
    (target / "amendments.csv").unlink()
    text = (target / file).read_text("utf-8")
    assert old in text
    (target / file).write_text(text.replace(old, new), "utf-8")
    return target


def test_a_merged_duplicate_is_left_out_and_the_export_is_importable(school, tmp_path):
    """Its groups, marks, amendments, relations, notices, leave and plans name nobody on roll."""
    execute(school, RequestLeave(
        pupil=UPN, from_="2026-12-01", to_="2026-12-01", purpose="exceptional",
        asked_by="Anna Testerby", asked_on="2026-11-20",
    ))  # fmt: skip
    execute(school, MergePupils(duplicate=UPN, into="Z999200018002", reason="One"))
    found = export(school, tmp_path / "out")
    whose = {file for file, why in left(found) if why == people.NO_SPELL}
    assert whose == {"groups.csv", "relations.csv", "notices.csv", "plans.csv", "marks.csv",
                     "amendments.csv", "leave.csv", "uncounted.csv"}  # fmt: skip
    imported(tmp_path / "out")


def unwatched(decision, *_):
    """Record nothing of marks that stop counting, as older ledgers did."""
    return WatchedMarks(decision)


def test_marks_after_a_last_day_that_was_moved_are_left_out(school, tmp_path):
    """With their amendments, where nothing was recorded of it; how many is told."""
    row = "Mockridge,Cleo,2013-06-30,F,2024-09-02,"
    folder = moved(tmp_path / "moved", "pupils.csv", f"{row},", f"{row}2026-11-09,a")
    bring(replace(school, watch=unwatched), folder, accept_findings=True)
    answer = answer_to(school, ExportPortable(path=tmp_path / "out"))
    off = portable_rows.NOT_ON_ROLL
    assert left(answer.document)["amendments.csv", off] == 1
    assert f"Left out: 1 row of amendments.csv: {off}" in answer.blocks[0].notes
    imported(tmp_path / "out")


def test_marks_on_sessions_closed_since_are_left_out(school, tmp_path):
    """A closure that came after the marks, for one group or for everyone; a term that shrank."""
    more = '\n[[closed]]\ndate = 2026-11-13\n\n[[closed]]\ndate = 2026-11-12\ngroups = ["9A"]\n'
    folder = moved(tmp_path / "m", "school.toml", "last = 2026-12-18", "last = 2026-11-19")
    with (folder / "school.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    bring(replace(school, watch=unwatched), folder, accept_findings=True)
    found = export(school, tmp_path / "out")
    kept = {row["date"] for row in table(tmp_path / "out" / "marks.csv")}
    assert "2026-11-12" in kept
    assert kept.isdisjoint({"2026-11-13", "2026-11-20"})
    assert left(found)["marks.csv", portable_rows.NOT_MET] > 14
    imported(tmp_path / "out")


def test_marks_that_are_recorded_as_no_longer_counting_are_carried(school, tmp_path):
    """They stand in a copy as they do here, and count there for as little."""
    row = "Mockridge,Cleo,2013-06-30,F,2024-09-02,"
    folder = moved(tmp_path / "moved", "pupils.csv", f"{row},", f"{row}2026-11-09,a")
    bring(school, folder, accept_findings=True)
    found = export(school, tmp_path / "out")
    assert found["rows_left_out"] == []
    copy = imported(tmp_path / "out")
    assert answers(copy) == answers(school)
    assert bring(copy, tmp_path / "out").header is None


def memberships(context, moment):
    """The groups of each pupil as known at a moment, under the source clock."""
    asked = Rates(by="registration", membership="session", clock="source", known_at=moment)
    return ask(context, asked)["rows"]


def test_a_membership_of_no_day_and_no_moment_is_not_exported(school, tmp_path):
    """Moved and moved back at once: nobody ever knew of a member."""
    for group in ("9B", "9A"):
        execute(school, MovePupil(pupil=UPN, kind="registration", from_=TODAY, to=group))
    export(school, tmp_path / "out")
    groups = [(row["name"], row["from"], row["to"]) for row in table(tmp_path / "out/groups.csv")]
    assert ("9B", str(TODAY), "") not in groups
    assert memberships(imported(tmp_path / "out"), None) == memberships(school, None)


def test_the_end_of_a_membership_is_known_no_earlier_than_it_was_recorded(school, tmp_path):
    """A move that was recorded here leaves what was known before it as it was known."""
    monday = parse_session("2026-11-16/AM").date
    execute(school, MovePupil(pupil=OF_9B, kind="registration", from_=monday, to="9A"))
    export(school, tmp_path / "out")
    copy = imported(tmp_path / "out")
    for moment in (*MOMENTS, "2026-11-21T11:59:59Z", "2026-11-21T12:00:00Z"):
        assert memberships(copy, moment) == memberships(school, moment)
    before, after = memberships(copy, MOMENTS[-1]), memberships(copy, None)
    assert before != after
    assert bring(copy, tmp_path / "out").header is None


def test_a_membership_taken_back_later_was_known_until_then(school, tmp_path):
    """Moved, and moved back to the same day an hour later."""
    for hours, group in enumerate(("9B", "9A")):
        at = replace(school, clock=lambda hours=hours: NOW + hours * HOUR)
        execute(at, MovePupil(pupil=UPN, kind="registration", from_=TODAY, to=group))
    later = NOW + 2 * HOUR
    document = answer_to(school, ExportPortable(path=tmp_path / "out"), later).document
    assert not document["rows_left_out"]
    rows = [row for row in table(tmp_path / "out/groups.csv") if row["name"] == "9B"]
    mine = [(r["to"], r["recorded_on"]) for r in rows if r["upn"] == UPN]
    assert mine == [("", "2026-11-21T12:00:00Z"), ("2026-11-20", "2026-11-21T13:00:00Z")]
    copy = replace(empty(tmp_path / "copy"), clock=lambda: later)
    bring(copy, tmp_path / "out")
    assert bring(copy, tmp_path / "out").header is None
    export(copy, tmp_path / "again")
    assert (tmp_path / "again/groups.csv").read_bytes() == (
        tmp_path / "out/groups.csv"
    ).read_bytes()


def closed(path):
    """Return the closures of a school.toml."""
    return tomllib.loads((path / "school.toml").read_text("utf-8"))["closed"]


def test_a_closure_withdrawn_at_once_is_not_exported(school, tmp_path):
    """Nobody ever knew of it."""
    day = parse_session("2026-09-10/AM").date
    execute(school, AddClosure(day=day, reason="Snow"))
    execute(school, WithdrawClosure(day=day, reason="It melted"))
    export(school, tmp_path / "out")
    assert day not in [each["date"] for each in closed(tmp_path / "out")]


def test_a_closure_that_was_withdrawn_was_known_until_then(school, tmp_path):
    """A day closed here, and taught after all."""
    day = parse_session("2026-09-10/AM").date
    at = [replace(school, clock=lambda hours=hours: NOW + hours * HOUR) for hours in range(3)]
    execute(at[0], AddClosure(day=day, reason="Snow"))
    execute(at[1], WithdrawClosure(day=day, reason="It melted"))
    ask(at[2], ExportPortable(path=tmp_path / "out"))
    [snow] = [each for each in closed(tmp_path / "out") if each["date"] == day]
    times = [snow[key].isoformat() for key in ("recorded_on", "withdrawn_on")]
    assert times == ["2026-11-21T12:00:00+00:00", "2026-11-21T13:00:00+00:00"]
    copy = replace(empty(tmp_path / "copy"), clock=at[2].clock)
    bring(copy, tmp_path / "out")
    assert bring(copy, tmp_path / "out").header is None
    for moment in ("2026-11-21T11:59:59Z", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z"):
        kept, mine = (
            memberships(replace(each, clock=at[2].clock), moment) for each in (school, copy)
        )
        assert kept == mine
    missing = {
        ask(at[2], Rates(clock="source", known_at=moment))["total"]["missing"]
        for moment in ("2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z")
    }
    assert len(missing) == 2


def test_what_no_file_carries_is_told_with_its_number(school, tmp_path):
    """Whom the school trusts as a witness is about this ledger's log."""
    head = replace(school, operator=Operator("H01", "tester"))
    execute(head, TrustWitness(key=WITNESS.verifier.vkey))
    found = answer_to(school, ExportPortable(path=tmp_path / "out"))
    told = "Left out, for no file of the folder carries it: 1 witness"
    assert told in found.blocks[0].notes
    counts = {each["what"]: each["number"] for each in found.document["not_carried"]}
    assert counts == {"witness": 1}


def said_of_the_school(context, moment):
    """Every detail of school, staff, calendar and parents as known at a moment, by source."""
    asked = Rates(clock="source", known_at=moment)
    with open_view(context.folder, asked, context.clock) as view:
        found = (each for kind in KINDS for each in view.standing(kind))
        return sorted(
            [type(each).__name__, *map(str, portable_rows._said(view, each))] for each in found
        )


def test_what_is_said_anew_of_a_school_was_known_as_before_until_then(school, tmp_path):
    """Of terms, register times, the school, its staff and its parents: each with its time."""
    at = [NOW]
    here = replace(school, clock=lambda: at[0])
    hours = {"am_opens": "08:40", "am_closes": "08:50", "pm_opens": "13:00", "pm_closes": "13:10"}
    commands = [
        SetTerm(name="Autumn 2", first=date(2026, 11, 2), last=date(2026, 12, 17)),
        SetTerm(name="Autumn 2", first=date(2026, 11, 2), last=date(2026, 12, 16)),
        SetRegisterTimes(from_=date(2026, 9, 1), **hours),
        SetSchool(name="Renamed High School"),
        SetSchool(name="Example High School"),
        ChangeStaff(staff_id="A01", name=None, job_title="Officer"),
        RecordParent(parent_id="P01", phone="0191 498 0000", reason="Told"),
        RecordParent(parent_id="P01", phone="", reason="Told"),
    ]
    for command in commands:
        at[0] += 60_000_000
        execute(here, command)
    answer_to(here, ExportPortable(path=tmp_path / "out"))
    copy = replace(empty(tmp_path / "copy"), clock=here.clock)
    bring(copy, tmp_path / "out")
    assert bring(copy, tmp_path / "out").header is None
    for minute in range(len(commands) + 1):
        moment = iso(NOW + minute * 60_000_000)
        ours, theirs = (said_of_the_school(each, moment) for each in (here, copy))
        assert ours == theirs, moment


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_an_export_that_is_broken_off_leaves_no_folder(school, tmp_path, monkeypatch, failure):
    """The marks come last: a full disk or Ctrl-C there leaves no half that looks like a school."""

    def fail(_):
        raise failure

    monkeypatch.setattr(portable_rows.Marks, "changes", fail)
    with pytest.raises(Refused if isinstance(failure, OSError) else KeyboardInterrupt):
        export(school, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_change_is_not_stated_before_what_it_changed(tmp_path):
    """The clock had gone back by some minutes: an import takes the change all the same."""
    context = empty(tmp_path / "ledger")
    bring(context, SCHOOL)
    session = parse_session("2026-11-20/AM")
    at = [NOW]
    here = replace(context, clock=lambda: at[0], operator=Operator("A01", "tester"))
    amended = AmendMarks(pupil=UPN, session=session, code="I", reason="Ill")
    execute(here, amended)
    at[0] -= 600_000_000
    execute(here, replace(amended, code="M", reason="A letter"))
    ask_to = ExportPortable(path=tmp_path / "out")
    answer_to(context, ask_to)
    with (tmp_path / "out" / "amendments.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["reason"] in ("Ill", "A letter")]
    assert [row["amended_on"] for row in rows] == [iso(NOW)] * 2
    bring(empty(tmp_path / "copy"), tmp_path / "out")
