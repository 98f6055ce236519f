"""An export is imported into an empty ledger, which then gives the same answers."""

import csv
import errno
import sys
from pathlib import Path

import pytest

from commands.amending.amend import AmendMarks
from commands.core.command import Context
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.register.plans import PlanAbsence
from commands.register.take import MarkSession
from commands.roll.correct import MergePupils
from commands.roll.enrol import MovePupil
from commands.school import school as init
from ledger.clock import local_date, parse_instant
from ledger.errors import Refused
from ledger.ledger import Ledger
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.values import Operator, parse_session
from projections.exports import portable_rows
from projections.exports.portable import ExportPortable
from projections.figures.rates import Rates
from projections.history.history import History
from projections.queries.view import open_view

SCHOOL = Path(__file__).parents[3] / "fixtures" / "portable"
NOW = parse_instant("2026-11-21T12:00:00Z")
TODAY = local_date(NOW)
MOMENTS = (None, "2026-11-10T12:00:00Z", "2026-11-16T23:00:00Z", "2026-11-18T12:00:00Z")


def clock():
    return NOW


def empty(path):
    context = Context(Ledger(Folder(path)), clock, Operator("A01", "tester"), watch)
    init.CreateLedger().carry_out(context)
    return context


def bring(context, path, **options):
    return execute(context, ImportPortable(path=path, **options).load(sys.stdin))


def ask(context, question):
    with open_view(context.folder, question, clock) as view:
        return question.answer(view).document


def export(context, path, **options):
    return ask(context, ExportPortable(path=path, **options))


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
    folder = tmp_path / "folder"
    folder.mkdir()
    for file in SCHOOL.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "plans.csv").write_text(
        "upn,date,session,code,reason,nature,planned_by,planned_on,step\n"
        "K999200018001,2026-11-12,AM,M,Orthodontist,,A01,2026-11-10T10:00:00Z,planned\n"
        "K999200018001,2026-11-12,AM,C,Interview,,A01,2026-11-11T10:00:00Z,changed\n"
        "K999200018001,2026-11-12,AM,,Cancelled,,A01,2026-11-11T12:00:00Z,withdrawn\n",
        "utf-8",
    )
    bring(context, folder)
    return context


def test_what_was_imported_gives_the_same_answers_again(school, tmp_path):
    """At every moment of knowledge, under the source clock."""
    export(school, tmp_path / "out")
    copy = empty(tmp_path / "copy")
    bring(copy, tmp_path / "out")
    for moment in MOMENTS:
        assert answers(copy, known_at=moment) == answers(school, known_at=moment)


def test_an_export_of_the_copy_is_the_same_bytes(school, tmp_path):
    """Nothing is lost the second time either."""
    export(school, tmp_path / "out")
    copy = empty(tmp_path / "copy")
    bring(copy, tmp_path / "out")
    export(copy, tmp_path / "again")
    for file in (tmp_path / "out").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_an_export_adds_nothing_to_the_ledger_that_it_came_from(school, tmp_path):
    """Every row of it is held."""
    export(school, tmp_path / "out")
    assert bring(school, tmp_path / "out").header is None


def test_what_was_recorded_here_is_stated_with_its_time(school, tmp_path):
    """Marks, late entries with their reason, amendments and plans of persons here."""
    upn, given = "K999200018001", {"pupil": "K999200018001"}
    execute(school, MarkSession(**given, session=parse_session("2026-11-06/AM"), code="/",
                                reason="Overlooked"))  # fmt: skip
    execute(school, AmendMarks(**given, session=parse_session("2026-11-06/AM"), code="M",
                               reason="Card seen"))  # fmt: skip
    execute(school, PlanAbsence(**given, session=parse_session("2026-11-25/AM"), code="M",
                            reason="Orthodontist"))  # fmt: skip
    export(school, tmp_path / "out")
    copy = empty(tmp_path / "copy")
    bring(copy, tmp_path / "out")
    rows = [ask(c, History(who=upn, on=parse_session("2026-11-25/AM").date))["rows"]
            for c in (school, copy)]  # fmt: skip
    ours = ("position", "recorded_at", "stated_at", "by")
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


def test_files_without_rows_are_not_written(school, tmp_path):
    """But those that a folder must hold are."""
    document = export(school, tmp_path / "out", on=parse_session("2026-09-01/AM").date)
    assert {row["file"] for row in document["rows"]} >= {"marks.csv"}
    assert not (tmp_path / "out" / "amendments.csv").exists()


def test_who_is_beyond_use_is_left_out(school, tmp_path):
    """Without a UPN nothing can be said of a pupil; the number is told."""
    gone = ("N999200018003", "F999200018006", "K999200018001")
    ring = KeyRing(school.folder.keys)
    for subject in (*map(ring.find_pupil, gone), "parent:P03"):
        ring.destroy(subject, at=NOW)
    ring.close()
    document = export(school, tmp_path / "out")
    assert document["left_out"] == 3
    for file in (tmp_path / "out").iterdir():
        text = file.read_text("utf-8")
        assert not any(name in text for name in (*gone, "P03"))
    bring(empty(tmp_path / "copy"), tmp_path / "out")


def test_something_in_the_way_is_refused(school):
    """A file, or a folder that is not empty; nothing is written over."""
    with pytest.raises(Refused, match="something is already"):
        export(school, SCHOOL)
    with pytest.raises(Refused, match="something is already"):
        export(school, SCHOOL / "staff.csv")


def test_a_place_that_cannot_be_written_is_refused(school):
    """An answer, not a traceback."""
    with pytest.raises(Refused, match="cannot be written: Not a directory"):
        export(school, SCHOOL / "staff.csv" / "out")


def test_an_empty_ledger_has_nothing_to_export(tmp_path):
    """Also one that did not know the school at the time asked for."""
    with pytest.raises(Refused) as caught:
        export(empty(tmp_path / "ledger"), tmp_path / "out")
    assert caught.value.code == "school-unknown"


def left(document):
    """How many rows of which file an export left out, by why."""
    return {(row["file"], row["why"]): row["rows"] for row in document["rows_left_out"]}


def moved(source, target, file, old, new):
    """Copy a folder with one text changed."""
    target.mkdir()
    for each in source.iterdir():
        (target / each.name).write_bytes(each.read_bytes())
    text = (target / file).read_text("utf-8")
    assert old in text
    (target / file).write_text(text.replace(old, new), "utf-8")
    return target


def test_a_merged_duplicate_is_left_out_and_the_export_is_importable(school, tmp_path):
    """Its groups, marks, amendments, relations, notices and plans name nobody on roll."""
    execute(school, MergePupils(duplicate="K999200018001", into="Z999200018002", reason="One"))
    found = export(school, tmp_path / "out")
    whose = {file for file, why in left(found) if why == portable_rows.NO_SPELL}
    assert whose == {"groups.csv", "relations.csv", "notices.csv", "plans.csv", "marks.csv",
                     "amendments.csv"}  # fmt: skip
    outcome = bring(empty(tmp_path / "copy"), tmp_path / "out")
    assert outcome.header is not None


def test_marks_after_a_last_day_that_was_moved_are_left_out(school, tmp_path):
    """With their amendments; how many is told."""
    row = "Mockridge,Cleo,2013-06-30,F,2024-09-02,"
    folder = moved(SCHOOL, tmp_path / "moved", "pupils.csv", f"{row},", f"{row}2026-11-09,a")
    for name in ("marks.csv", "amendments.csv"):
        (folder / name).write_text(
            (folder / name).read_text("utf-8").splitlines()[0] + "\n", "utf-8"
        )
    bring(school, folder, accept_findings=True)
    with open_view(school.folder, ExportPortable(path=tmp_path / "out"), clock) as view:
        answer = ExportPortable(path=tmp_path / "out").answer(view)
    off = portable_rows.NOT_ON_ROLL
    assert left(answer.document)["amendments.csv", off] == 1
    assert f"Left out: 1 row of amendments.csv: {off}" in answer.blocks[0].notes
    bring(empty(tmp_path / "copy"), tmp_path / "out")


def test_marks_on_sessions_closed_since_are_left_out(school, tmp_path):
    """A closure that came after the marks, for one group or for everyone; a term that shrank."""
    more = '\n[[closed]]\ndate = 2026-11-13\n\n[[closed]]\ndate = 2026-11-12\ngroups = ["9A"]\n'
    folder = moved(SCHOOL, tmp_path / "m", "school.toml", "last = 2026-12-18", "last = 2026-11-19")
    with (folder / "school.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    header = (folder / "marks.csv").read_text("utf-8").splitlines()[0]
    (folder / "marks.csv").write_text(header + "\n", "utf-8")
    (folder / "amendments.csv").unlink()
    bring(school, folder, accept_findings=True)
    found = export(school, tmp_path / "out")
    kept = {row["date"] for row in table(tmp_path / "out" / "marks.csv")}
    assert "2026-11-12" in kept
    assert kept.isdisjoint({"2026-11-13", "2026-11-20"})
    assert left(found)["marks.csv", portable_rows.NOT_MET] > 14
    bring(empty(tmp_path / "copy"), tmp_path / "out")


def test_memberships_never_held_are_left_out(school, tmp_path):
    """Moved and moved back on one day: the membership ended before it began."""
    for group in ("9B", "9A"):
        execute(
            school, MovePupil(pupil="K999200018001", kind="registration", from_=TODAY, to=group)
        )
    found = export(school, tmp_path / "out")
    assert left(found)["groups.csv", portable_rows.NEVER_HELD] == 1
    bring(empty(tmp_path / "copy"), tmp_path / "out")


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
