"""`audit`: its options, names only with a reason, what is said beside the findings."""

import json
from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionCancelled
from ledger.events.disclosure import NamesShown
from ledger.events.penalties import NoticeStated, PenaltyConsidered
from ledger.events.register import MarkAmended, SessionMarked, SourceRestated
from ledger.events.school import StaffChanged, StaffJoined
from ledger.store.facts import Fact
from policies.law.disclosure import NamesLookedUp
from projections.audit.audit import Audit
from projections.rendering.text import as_csv, as_text
from tests.projections import office_cases as cases
from tests.projections.ledgers import (
    created,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    opened,
    term,
)

NOW = instant(2027, 1, 2, 12)
ON = date(2026, 12, 10)
CHECKS = [
    "n-kept", "late-entries", "large-batches", "after-paper", "absent-to-present", "just-lifted",
    "stranger", "stopped-counting",
]  # fmt: skip


def amended(pupil, session, original, code, by="t1", **more):
    """An amendment."""
    said = {"original": original, "code": code, "reason": "why", "by": by, "name": f"Ada {by}"}
    event = MarkAmended(**said, **more)
    return on_mark(pupil, session, event)


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """Ann in 9A and Bob in 9B, teachers t1 and t2 of these groups and t3 of none, an officer.

    Everything unusual happens to Ann once, some of it to Bob.
    """
    roles = {"t1": ("teacher",), "t2": ("teacher",), "t3": ("teacher",), "o1": ("officer",)}
    people = [
        Fact(streams.staff(s), StaffJoined(name=f"Ada {s}", job_title=f"Post {s}", roles=r))
        for s, r in roles.items()
    ]
    people.append(Fact(streams.staff("x1"), StaffJoined(name="Ada x1", job_title="Clerk")))
    people += [enrolled("ann", cases.FIRST), enrolled("bob", cases.FIRST)]
    people += [joined("ann", "registration", "9A"), joined("bob", "registration", "9B")]
    book = cases.school(tmp_path_factory.mktemp("audit") / "ledger", *people)
    book.add(
        instant(2026, 11, 9, 9),
        marked("ann", "2026-11-09/AM", "N", by="t1"),
        marked("ann", "2026-11-09/PM", "O", by="t1"),
        marked("bob", "2026-11-09/AM", "N", by="t2"),
        marked("bob", "2026-11-09/PM", "I", by="t2"),
    )
    book.add(
        instant(2026, 11, 10, 9),
        amended("ann", "2026-11-09/AM", "N", "I", by="t1"),
        amended("bob", "2026-11-09/PM", "I", "C", by="t2"),
    )
    book.add(instant(2026, 11, 20, 9), amended("ann", "2026-11-09/PM", "O", "\\", by="t3"))
    late = SessionMarked(code="/", late=True, by="o1")
    book.add(instant(2026, 11, 23, 9), on_mark("ann", "2026-11-10/AM", late))
    return book


@pytest.fixture
def school(founded, tmp_path):
    """A copy of it, to write into."""
    return cases.copied(founded, tmp_path / "ledger")


NAMED = {"names": True, "reason": "why"}


def ask(book, **asked):
    return book.ask(Audit(**({"on": ON} | asked)), now=NOW)


def named(book, **asked):
    """With names: also about whom a finding is."""
    return ask(book, **NAMED | asked)


def text(answer):
    """An answer as it is read."""
    return "\n".join(as_text(answer.blocks))


def found(answer):
    return [(row["check"], row["session"], row["upn"]) for row in answer.rows()]


def test_every_check_is_made_and_says_what_it_asks(founded):
    """In a fixed order, with an innocent explanation each, found or not."""
    document = ask(founded).document
    assert [check["check"] for check in document["checks"]] == CHECKS
    assert all(check["asks"].endswith("?") and check["often"] for check in document["checks"])
    assert document["wording"] == "unusual, not improper"


def test_what_is_unusual_is_found_with_its_evidence(founded):
    """One each, by check and then by session."""
    answer = named(founded)
    assert found(answer) == [
        ("n-kept", "2026-11-09/AM", "U-bob"),
        ("late-entries", "2026-11-10/AM", "U-ann"),
        ("absent-to-present", "2026-11-09/PM", "U-ann"),
        ("stranger", "2026-11-09/PM", "U-ann"),
    ]
    row = answer.rows()[-1]
    assert row["what"] == "changed in 9A by somebody who never took its register"
    assert row["evidence"] == {
        "group": "9A",
        "role": "teacher",
        "others_in_role": {"changes": 2, "in_groups_never_taken": 0},
    }


def test_no_name_is_shown_unless_it_is_asked_for(founded):
    """Neither a person's name nor an id, nowhere in the answer."""
    answer = ask(founded)
    told = json.dumps(answer.document) + text(answer) + as_csv(answer)
    root = answer.document["as_of"]["root"]  # by chance it may hold any two letters
    told = told.replace(root, "").replace(root[:12], "")
    assert all(word not in told for word in ("Ada", "Post", '"t3"', "o1", "Sur-", "U-", "upn"))


def test_names_are_shown_as_they_were_on_the_day(school):
    """Beside each row, in the order of the rows; never counted by person."""
    since = date(2026, 11, 20)
    changed = StaffChanged(
        name="Ada Quill", job_title="Head of Year", roles=("teacher",), since=since
    )
    school.add(cases.LATER, Fact(streams.staff("t3"), changed))
    answer = named(school)
    by = {row["check"]: row["by"] for row in answer.rows()}
    assert by["stranger"] == [{"name": "Ada Quill", "job_title": "Head of Year"}]
    assert by["late-entries"] == [{"name": "Ada o1", "job_title": "Post o1"}]
    assert by["n-kept"] == []
    assert "Ada Quill, Head of Year" in text(answer)
    lines = as_csv(answer).splitlines()
    assert lines[0].endswith(",evidence,upn,name,by")
    told = {row["upn"]: row["name"] for row in answer.rows() if row["upn"]}
    assert told == {upn: f"Fore-{upn[2:]} Sur-{upn[2:]}" for upn in told}
    assert "name" not in ask(school).rows()[0]
    assert lines[-1].endswith('"Ada Quill, Head of Year"')


def test_somebody_who_is_not_on_the_staff_list_is_named_by_id(school):
    """A source may name anybody; and who is not named is not."""
    why = {"imported": True, "by": None}
    school.add(
        cases.LATER,
        amended("ann", "2026-11-10/AM", "/", "O", by="z9", stated=instant(2026, 12, 1)),
        on_mark("ann", "2026-11-10/AM", SourceRestated(original="O", code="L")),
        amended("ann", "2026-11-10/AM", "L", "N", by="z9", stated=instant(2026, 12, 1)),
        amended("ann", "2026-11-10/AM", "N", "L", by="z9", stated=instant(2026, 12, 9)),
        **why,
    )
    answer = named(school, only=("absent-to-present", "stranger"))
    by = [row["by"] for row in answer.rows() if row["session"] == "2026-11-10/AM"]
    assert by == [[], [{"name": "z9", "job_title": None}]]
    assert "z9" in text(answer)
    assert "None" not in text(answer)


def test_names_are_recorded_before_they_are_shown():
    """With the reason, by the use case of that name."""
    asked = Audit(names=True, reason=" asked by governors ")
    assert asked.on_record == NamesLookedUp("asked by governors")
    assert Audit().on_record is None


@pytest.mark.parametrize(("asked", "code"), [
    ({"names": True}, "names-reason"),
    ({"names": True, "reason": "  "}, "names-reason"),
    ({"reason": "why"}, "reason-unused"),
])  # fmt: skip
def test_names_and_their_reason_go_together(asked, code):
    """Neither without the other."""
    with pytest.raises(Refused) as refused:
        _ = Audit(**asked).on_record
    assert refused.value.code == code


def test_looks_at_names_are_seen_by_those_who_look_later(school):
    """That there were some always; by whom and why with names."""
    look = NamesShown(reason="a complaint", seen_at=9, by="o1", name="Ada o1", job_title="Officer")
    school.add(instant(2026, 12, 1), Fact(streams.audit(), look))
    [row] = ask(school).document["names_shown"]
    assert set(row) == {"recorded_at", "position"}
    assert row["recorded_at"].startswith("2026-12-01T00:00:00")
    assert "Names were looked up; " in text(ask(school))
    [row] = named(school).document["names_shown"]
    said = (row["name"], row["job_title"], row["reason"])
    assert said == ("Ada o1", "Officer", "a complaint")
    assert ask(school, known_at="2026-11-30").document["names_shown"] == []


def test_one_check_alone_can_be_asked_for(founded):
    """Or several, in the order of the list."""
    answer = named(founded, only=("stranger", "n-kept"))
    assert [check["check"] for check in answer.document["checks"]] == ["n-kept", "stranger"]
    assert {check for check, _, _ in found(answer)} == {"n-kept", "stranger"}


def test_a_selection_narrows_every_check(founded):
    """By pupil and by group, by session date."""
    assert {upn for _, _, upn in found(named(founded, group="9B"))} == {"U-bob"}
    assert {upn for _, _, upn in found(named(founded, pupil="U-ann"))} == {"U-ann"}
    later = found(named(founded, from_=date(2026, 11, 10)))
    assert ("n-kept", "2026-11-09/AM", "U-bob") not in later


def test_the_past_is_audited_as_it_was_known(founded):
    """On the day of the deadline nothing was overdue, nothing had been changed late."""
    assert found(named(founded, known_at="2026-11-16")) == []
    later = found(named(founded, known_at="2026-11-17"))
    assert later == [("n-kept", "2026-11-09/AM", "U-bob")]


def test_a_role_with_nobody_else_is_not_compared(school):
    """An officer alone, and a clerk without a role, by title: counted, not listed."""
    school.add(
        instant(2026, 11, 24),
        amended("bob", "2026-11-09/PM", "C", "I", by="o1"),
        amended("bob", "2026-11-09/AM", "N", "I", by="x1"),
    )
    answer = named(school, only=("stranger",))
    [summary] = answer.document["checks"]
    assert found(answer) == [("stranger", "2026-11-09/PM", "U-ann")]
    assert (summary["changes"], summary["never_took"], summary["not_compared"]) == (6, 4, 3)


def test_what_others_of_the_role_do_likewise_is_the_job(school):
    """Half of what the others change is in groups that they never took: nothing is found."""
    school.add(
        instant(2026, 11, 24),
        amended("bob", "2026-11-09/PM", "C", "I", by="t1"),
        amended("ann", "2026-11-09/AM", "I", "M", by="t2"),
    )
    rows = named(school, only=("stranger",)).rows()
    assert not [row for row in rows if row["session"] == "2026-11-09/PM" and row["upn"] == "U-ann"]


def test_a_pupil_without_a_group_has_no_stranger(school):
    """Nobody took a register there."""
    school.add(instant(2026, 11, 24), enrolled("cy", cases.FIRST))
    school.add(instant(2026, 11, 24, 9), marked("cy", "2026-11-09/AM", "N", by="t1"))
    school.add(instant(2026, 11, 25), amended("cy", "2026-11-09/AM", "N", "I", by="t3"))
    assert "U-cy" not in {row["upn"] for row in named(school, only=("stranger",)).rows()}


def test_an_entry_on_a_session_cancelled_since_no_longer_stands(school):
    """As `unresolved` has it."""
    school.add(
        instant(2026, 11, 30),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2026, 11, 9), sessions=("AM",))),
    )
    assert found(named(school, only=("n-kept",))) == []


def test_what_states_no_time_is_counted_as_undated(school):
    """An import without times: nothing is said of when it was replaced."""
    school.add(
        cases.LATER,
        marked("ann", "2026-11-11/AM", "N"),
        amended("ann", "2026-11-11/AM", "N", "/"),
        imported=True,
    )
    answer = ask(school, only=("n-kept", "large-batches", "absent-to-present"))
    by_check = {check["check"]: check for check in answer.document["checks"]}
    assert by_check["n-kept"]["undated"] == 1
    assert by_check["large-batches"]["undated"] == 1
    assert by_check["absent-to-present"]["by_lag"]["not stated"] == 1
    assert "at a time that no source states" in text(answer)


def test_a_mark_outside_every_term_has_no_line_to_cross(school):
    """It is still a change."""
    school.add(instant(2026, 10, 27, 9), marked("ann", "2026-10-27/AM", "O", by="t1"))
    school.add(instant(2026, 11, 24), amended("ann", "2026-10-27/AM", "O", "/", by="t1"))
    answer = named(school, only=("absent-to-present", "just-lifted"))
    assert ("absent-to-present", "2026-10-27/AM", "U-ann") in found(answer)


def test_before_the_law_knew_a_deadline_or_a_line_nothing_is_found(empty):
    """In 2014: no school days for N, no exact tenth, no threshold."""
    first = date(2014, 6, 2)
    empty.add(
        instant(2014, 6, 1), created(), opened(), term("Summer", first, date(2014, 7, 18)),
        enrolled("ann", first),
    )  # fmt: skip
    empty.add(instant(2014, 6, 2, 9), marked("ann", "2014-06-02/AM", "N"))
    empty.add(instant(2014, 7, 2, 9), amended("ann", "2014-06-02/AM", "N", "/"))
    checks = ("n-kept", "just-lifted")
    assert found(named(empty, only=checks, on=date(2014, 7, 18))) == []


def test_one_pupils_batch_names_the_pupil_and_the_pair(school):
    """Several pupils' or pairs' does not."""
    school.add(
        instant(2026, 12, 1),
        amended("ann", "2026-11-09/AM", "I", "M", batch="b1"),
        amended("ann", "2026-11-09/PM", "\\", "M", batch="b1"),
        amended("bob", "2026-11-09/AM", "N", "M", batch="b2"),
        amended("bob", "2026-11-09/PM", "C", "M", batch="b2"),
        amended("ann", "2026-11-10/AM", "/", "M", batch="b2"),
    )
    one, several = named(school, only=("large-batches",), batch_over=1).rows()[-2:]
    assert (one["upn"], one["evidence"]["batch"]) == ("U-ann", "b1")
    assert (several["upn"], several["from_code"]) == (None, None)
    told = text(ask(school, only=("large-batches",), batch_over=1))
    assert "2 pupils, 2026-11-09/AM to 2026-11-10/AM: />M 1" in told


def considered(decision, *entries, **more):
    """A decision on a notice, which counted some entries."""
    number = dict.fromkeys(("count", "settled", "peak"), len(entries))
    who = {"by": "o1", "name": "Ada", "job_title": "Head"}
    said = {"decision": decision, "reason": "why", "entries": entries, "seen_at": 1} | more
    return Fact(streams.penalty("ann"), PenaltyConsidered(**said, **who, **number))


def test_papers_are_named_in_the_text(school):
    """A consideration by its position, as it has no day of its own."""
    school.add(instant(2026, 12, 1), considered("refer", "2026-11-09/PM O"))
    answer = ask(school, only=("after-paper",))
    [row] = answer.rows()
    position = row["evidence"]["papers"][0]["position"]
    told = text(answer)
    assert f"consideration at position {position}" in told
    assert "Changes by kind of paper: consideration: 1." in told


def test_columns_in_which_nothing_stands_are_left_out_of_the_text(school):
    """An entry replaces no code, and has no other evidence than itself."""
    late = on_mark("bob", "2026-11-11/AM", SessionMarked(code="/", late=True, by="o1"))
    school.add(cases.LATER, late, considered("refer", "2026-11-09/PM O"))
    _, *tables = ask(school, only=("late-entries", "after-paper")).blocks
    entry = ["Session", "To", "Changed on", "Lag", "What"]
    change = ["Session", "From", "To", "Changed on", "Lag", "What", "Evidence"]
    assert [table.headings for table in tables] == [entry, change]


CHANGED_AT = instant(2026, 11, 20, 9)


@pytest.mark.parametrize(
    ("stated", "papers"), [(CHANGED_AT - 1, 1), (CHANGED_AT, 0), (CHANGED_AT + 1, 0), (None, 0)]
)
def test_what_another_system_considered_goes_by_its_own_time(school, stated, papers):
    """Whenever it was brought: a change is after it where it was made later."""
    there = considered("refer", "2026-11-09/PM O", seen_at=0, stated=stated)
    school.add(instant(2026, 12, 1), there, imported=True)
    assert len(ask(school, only=("after-paper",)).rows()) == papers


def test_papers_of_several_kinds_are_named_by_kind(school):
    """One finding, whatever came first."""
    stated = NoticeStated(kind="s444A", issued_on=date(2026, 11, 19), sessions=("2026-11-09/PM",))
    notice = Fact(streams.notices("P1", "ann"), stated)
    school.add(instant(2026, 12, 1), notice, considered("refer", "2026-11-09/PM O"))
    answer = ask(school, only=("after-paper",))
    assert [row["what"] for row in answer.rows()] == ["changed after a consideration and a notice"]
    assert "Changes by kind of paper: consideration: 1, notice: 1." in text(answer)


def test_a_decision_that_counted_no_entry_is_before_no_change(school):
    """It relied on no session."""
    school.add(instant(2026, 12, 1), considered("not-now"))
    assert ask(school, only=("after-paper",)).rows() == ()


def test_more_findings_than_the_text_shows_are_counted(school):
    """All of them are rows."""
    late = SessionMarked(code="/", late=True, by="o1")
    days = [f"2026-11-{day:02}/{half}" for day in range(11, 27) for half in ("AM", "PM")]
    school.add(cases.LATER, *(on_mark("bob", session, late) for session in days))
    answer = ask(school, only=("late-entries",))
    assert len(answer.rows()) == 33
    assert "and 13 more, in --json and --csv" in text(answer)


def test_rows_can_be_had_as_csv(founded):
    """The evidence as JSON, in one column."""
    heading, first, *_ = as_csv(ask(founded)).splitlines()
    assert heading == ("check,what,session,from_code,to_code,lag,changed_on,positions,evidence")
    assert first.startswith("n-kept,still stands,2026-11-09/AM,N,,,,")


def test_the_text_tells_of_every_check(founded):
    """Its title and number, what it asks, what is often behind it, figures beside it."""
    told = text(ask(founded))
    for check in CHECKS:
        assert f"\n{check}: " in told
    assert told.count("Asks: ") == told.count("Often: ") == len(CHECKS)
    assert "deadline 2026-11-16, 17 school days over" in told
    assert "role teacher: others made 2 changes, 0 in groups they never took" in told


def test_a_ledger_without_terms_or_marks_has_no_finding(empty):
    """And no calendar to look back from."""
    empty.add(instant(2026, 8, 1), created(), opened(), enrolled("ann", cases.FIRST))
    document = ask(empty).document
    assert document["rows"] == []
    assert [check["findings"] for check in document["checks"]] == [0] * len(CHECKS)
    assert document["knows_nothing_of"] == ["terms", "marks"]


def test_what_the_ledger_knows_nothing_of_is_said_once(empty, founded):
    """In place of checks that found nothing; where only terms are missing, beside them."""
    empty.add(instant(2026, 8, 1), created(), opened())
    told = text(ask(empty))
    said = "The ledger knows of no terms, no pupils, no marks in this range: no check has anything"
    assert said in told
    assert "Asks:" not in told
    empty.add(instant(2026, 8, 2), enrolled("ann", cases.FIRST))
    empty.add(instant(2026, 11, 9), marked("ann", "2026-11-09/AM", "N"))
    there = ask(empty, from_=date(2026, 11, 1))
    assert not there.rows()
    assert there.document["knows_nothing_of"] == ["terms"]
    told = text(there)
    assert "The ledger knows of no terms in this range.\n" in told
    assert told.count("Asks:") == len(CHECKS)
    assert ask(founded).document["knows_nothing_of"] == []
    assert "knows of no" not in text(ask(founded))


def test_a_pupil_whom_the_source_had_not_stated_yet_is_no_part_of_it(school):
    """Under the source clock a mark may be known before its pupil is."""
    school.add(
        cases.LATER,
        enrolled("dee", cases.FIRST, stated=instant(2026, 11, 30)),
        marked("dee", "2026-11-09/AM", "N", stated=instant(2026, 11, 9)),
        imported=True,
    )
    early = named(school, only=("n-kept",), clock="source", known_at="2026-11-25")
    assert "U-dee" not in {upn for _, _, upn in found(early)}
    later = named(school, only=("n-kept",), clock="source", known_at="2026-12-05")
    assert "U-dee" in {upn for _, _, upn in found(later)}


def test_a_session_cancelled_since_counts_on_neither_side_of_a_line(school):
    """Its code follows from the cancellation, whatever was entered and amended before."""
    here = [marked("bob", f"2026-11-1{n}/{half}", "/") for n in (0, 1, 2) for half in ("AM", "PM")]
    school.add(instant(2026, 11, 13), *here, marked("bob", "2026-11-13/AM", "O"))
    school.add(instant(2026, 11, 16), amended("bob", "2026-11-13/AM", "O", "/"))
    school.add(instant(2026, 11, 16, 9), amended("bob", "2026-11-09/AM", "N", "/"))
    school.add(instant(2026, 11, 16, 10), amended("bob", "2026-11-09/PM", "C", "/"))
    [row] = ask(school, only=("just-lifted",), pupil="U-bob", margin=9).rows()
    assert row["evidence"]["first_entered"] == {"absent": 3, "possible": 9}
    cancelled = SessionCancelled(date=date(2026, 11, 13), sessions=("AM",))
    school.add(instant(2026, 11, 17), Fact(streams.CALENDAR, cancelled))
    [row] = ask(school, only=("just-lifted",), pupil="U-bob", margin=9).rows()
    assert row["evidence"]["first_entered"] == {"absent": 2, "possible": 8}


def test_somebody_who_made_several_changes_is_named_once(school):
    """And a year group is no register."""
    school.add(instant(2026, 11, 20), joined("ann", "year", "Y9"))
    school.add(instant(2026, 12, 1), amended("ann", "2026-11-09/AM", "I", "M", by="t1", batch="b"))
    school.add(instant(2026, 12, 2), amended("ann", "2026-11-10/AM", "/", "M", by="t1", batch="b"))
    [row] = named(school, only=("large-batches",), batch_over=1).rows()
    assert row["by"] == [{"name": "Ada t1", "job_title": "Post t1"}]
    [row] = ask(school, only=("stranger",)).rows()
    assert row["evidence"]["group"] == "9A"


def test_the_nearest_to_a_line_come_first(school):
    """Bob is two sessions from it, Ann one."""
    here = [f"2026-11-{day}/{half}" for day in range(11, 14) for half in ("AM", "PM")]
    marks = [marked(pupil, session, "/") for pupil in ("ann", "bob") for session in here]
    more = [marked("bob", f"2026-11-{day}/AM", "/") for day in range(16, 21)]
    school.add(cases.LATER, *marks, *more)
    school.add(cases.LATER + 1, amended("ann", "2026-11-09/AM", "I", "/"))
    school.add(
        cases.LATER + 2,
        amended("bob", "2026-11-09/AM", "N", "/"),
        amended("bob", "2026-11-09/PM", "C", "/"),
    )
    rows = named(school, only=("just-lifted",)).rows()
    until = [(row["upn"], row["evidence"]["sessions_until"]) for row in rows]
    assert until == [("U-ann", 1), ("U-bob", 2)]


def test_a_batch_of_several_days_is_dated_by_its_last(school):
    """What waited for a second person is tied to what did not."""
    for day, pupil, session, was in ((1, "ann", "AM", "I"), (3, "bob", "PM", "C")):
        change = amended(pupil, f"2026-11-09/{session}", was, "M", batch="b9")
        school.add(instant(2026, 12, day, 9), change)
    [row] = named(school, only=("large-batches",), batch_over=1).rows()
    assert (row["what"], row["changed_on"]) == ("2 amendments at once", "2026-12-03")
    assert row["evidence"]["pairs"] == {"C>M": 1, "I>M": 1}
