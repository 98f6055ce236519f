"""What an import would take out of the count: a finding, and recorded as stated if accepted.

The refusals themselves are in ``fixtures/errors``: ``*-over-marks``.
"""

from commands.amending.amend import AmendMarks
from commands.exchange.importing import ImportPortable
from ledger.values import parse_session
from tests.commands.exchange.portable.conftest import CLEO as CLEO_UPN

CLEO = "Mockridge,Cleo,2013-06-30,F,2024-09-02,"
DAY = '\n[[closed]]\ndate = {day}\nkind = "{kind}"\nreason = "INSET"\n'


def closed(day, kind="planned"):
    """A closure of a day."""
    return DAY.format(day=day, kind=kind)


def places(refused):
    """The problems of a refusal, as code and place."""
    return [(p.code, p.file, p.line) for p in refused.problems]


def test_it_is_recorded_as_stated_where_accepted_and_never_found_again(known, changed):
    """Listed as a finding with its line; the folder again says nothing new."""
    changed("school.toml", more=closed("2026-11-16"))
    path = changed("marks.csv", less=("2026-11-16",))
    said = known.bring(path, accept_findings=True).says
    assert said[0] == "recorded: 1 closure"
    assert "recorded as stated, with 1 finding:" in said
    assert (
        "  school.toml:43: this closure takes out of every figure 14 marks of 7 pupils that the "
        "ledger holds (attended -14), the first for 2026-11-16/AM"
    ) in said
    assert "14 marks of 7 pupils stop counting" in said
    completed = known.states("ImportCompleted")[-1]
    assert completed["findings"] == [
        {"file": "school.toml", "line": 43, "code": "closure-over-marks"}
    ]
    assert known.bring(path).header is None


def test_a_dry_run_finds_it_too(known, changed):
    """And records nothing."""
    changed("school.toml", more=closed("2026-11-16"))
    path, head = changed("marks.csv", less=("2026-11-16",)), known.head()
    said = known.bring(path, dry_run=True, accept_findings=True).says
    assert "would be recorded as stated, with 1 finding:" in said
    assert known.head() == head


def test_a_session_said_to_be_cancelled_takes_the_place_of_marks(known, changed):
    """Found, figures first; accepted, it is recorded, and told with what the figures do."""
    changed("school.toml", more=closed("2026-11-16", "cancelled"))
    path = changed("marks.csv", less=("2026-11-16",))
    assert places(known.faults(path)) == [("cancelled-over-marks", "school.toml", 43)]
    said = known.bring(path, accept_findings=True).says
    assert said[1] == "the figures, of marks held before: attended -14, not counted +14"
    assert (
        "  school.toml:43: this cancelled session takes out of every figure 14 marks of 7 pupils "
        "that the ledger holds (attended -14), the first for 2026-11-16/AM"
    ) in said
    assert "14 marks of 7 pupils gave way to the entry of a cancelled session" in said
    assert "  and 2 more pupils" in said
    assert known.counts()["SessionCancelled"] == 2
    assert "MarksUncounted" not in known.counts()
    assert known.bring(path).header is None


def test_a_closure_over_no_mark_is_none(known, changed):
    """Nor is a term that grows, nor a closure whose reason alone differs."""
    changed(
        "school.toml",
        ('reason = "INSET"', 'reason = "Training"'),
        ("last = 2026-12-18", "last = 2026-12-17"),
        ("first = 2026-09-02", "first = 2026-09-01"),
        more=closed("2026-12-01"),
    )
    assert known.bring(changed()).says[0] == "recorded: 2 terms, 2 closures"


def test_each_row_is_found_by_itself(known, changed):
    """A closure, a term and two leavers of one folder; each with its own marks."""
    changed("school.toml", ("last = 2026-12-18", "last = 2026-11-19"), more=closed("2026-11-16"))
    changed(
        "pupils.csv",
        (f"{CLEO},", f"{CLEO}2026-11-17,a"),
        ("Gus,2013-05-11,M,2025-09-01,2026-11-13", "Gus,2013-05-11,M,2025-09-01,2026-11-12"),
    )
    path = changed(
        "marks.csv", less=("2026-11-16", "2026-11-20", "N999200018003", "V999200018007")
    )
    assert places(known.faults(path)) == [
        ("term-over-marks", "school.toml", 19),
        ("closure-over-marks", "school.toml", 43),
        ("leaver-over-marks", "pupils.csv", 4),
        ("leaver-over-marks", "pupils.csv", 8),
    ]


def test_a_last_day_that_moves_on_takes_nothing_out(known, changed):
    """Nor does one after the last mark, nor a group without a closure."""
    changed(
        "pupils.csv",
        ("2025-09-01,2026-11-13", "2025-09-01,2026-11-14"),
        (f"{CLEO},", f"{CLEO}2026-11-20,a"),
    )
    changed("groups.csv", more="K999200018001,cohort,LAC,2026-11-01,\n")
    assert known.bring(changed()).says[0] == "recorded: 2 leavers, 1 membership"


def test_a_second_spell_begins_after_the_first_ends(known, changed):
    """Only the spell that is cut short takes marks out; the later removal is none of that day."""
    row = "R999200018005,1005,Exemplar,Edie,2013-03-08,F,"
    again = f"{row}2026-11-18,2026-11-20,a,,no,,,\n"
    changed("pupils.csv", (f"{row}2024-09-02,,", f"{row}2024-09-02,2026-11-12,a"), more=again)
    days = tuple(f"R999200018005,2026-11-{day}" for day in (13, 16, 17))
    refused = known.faults(changed("marks.csv", less=days))
    assert places(refused) == [("leaver-over-marks", "pupils.csv", 6)]


def test_a_closure_held_and_a_row_of_its_day_are_faults_of_the_row(known, changed):
    """The row itself cannot stand, whatever is accepted."""
    path = changed("school.toml", more=closed("2026-11-16"))
    found = places(known.faults(path))
    assert ("closure-over-marks", "school.toml", 43) in found
    assert [code for code, *_ in found].count("school-closed") == 14


def test_a_birth_date_stated_anew_is_accepted_or_refused(known, changed):
    """The marks count toward no threshold any more: the figures come first."""
    path = changed("pupils.csv", (CLEO, CLEO.replace("2013-06-30", "2021-12-01")))
    refused = known.refused(ImportPortable(path=path).load(None), "marks-uncounted")
    assert refused.what.splitlines()[1].startswith("  Cleo Mockridge: ")
    assert "--accept-findings" in refused.remedy
    known.bring(path, accept_findings=True)
    [event] = known.states("MarksUncounted")
    assert event["of_age"]
    assert {"by", "name", "job_title"}.isdisjoint(event)


def test_a_group_that_is_everybody_is_found_where_it_is_new(known, changed):
    """Accepted, it is held, and found no more."""
    day = closed("2026-12-01") + 'groups = ["9A", "9B"]\n'
    path = changed("school.toml", more=day)
    assert places(known.faults(path)) == [("closed-for-everyone", "school.toml", 43)]
    known.bring(path, accept_findings=True)
    assert known.bring(path).header is None


def test_where_the_groups_are_not_known_nothing_is_found_of_them(known, changed):
    """One fault, one message."""
    day = closed("2026-12-01") + 'groups = ["9A", "9B"]\n'
    changed("groups.csv", ("upn,kind,name", "upn,kind,nome"))
    found = places(known.faults(changed("school.toml", more=day)))
    assert "closed-for-everyone" not in [code for code, *_ in found]


def test_a_mark_of_ours_under_a_cancelled_session_stops_counting(known, changed):
    """The source states the law's entry, ours stands: a conflict, and out of every figure."""
    known.by("H01").do(
        AmendMarks(pupil=CLEO_UPN, session=parse_session("2026-11-16/AM"), code="I", reason="ill")
    )
    changed("school.toml", more=closed("2026-11-16", "cancelled"))
    path = changed("marks.csv", less=("2026-11-16",))
    assert places(known.faults(path)) == [("cancelled-over-marks", "school.toml", 43)]
    known.bring(path, accept_findings=True)
    [event] = known.states("MarksUncounted")
    assert event["sessions"] == ["2026-11-16/AM I"]
