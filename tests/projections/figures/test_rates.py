"""`rates`: what counts, for whom, in which row, and how it is written."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, SourceRestated
from ledger.events.roll import GroupJoined, GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from projections.figures.rates import Rates
from projections.queries.blocks import Grid
from projections.queries.view import open_view
from projections.rendering import text
from tests.projections.ledgers import (
    NOW,
    URN,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    term,
    weekdays,
)

AT = instant(2025, 9, 8, 9)
MONDAY = date(2025, 9, 8)
DAY = {"from_": MONDAY, "on": MONDAY}


AM, PM = f"{MONDAY}/AM", f"{MONDAY}/PM"
SUMMER = date(2024, 7, 1)
SEPTEMBER = {"from_": date(2025, 9, 29), "on": date(2025, 10, 1)}


def rows(book, **asked):
    """The rows by their key, and the total as None."""
    document = book.ask(Rates(**asked)).document
    key = "upn" if document["by"] == "pupil" else "group"
    return {row[key]: row for row in document["rows"]} | {None: document["total"]}


def closed(kind=SessionsClosed, day=MONDAY, **more):
    """A closure."""
    return Fact(streams.CALENDAR, kind(date=day, **more))


def moved(pupil, group, **more):
    """The end of a pupil's time in a registration group."""
    left = GroupLeft(kind="registration", name=group, since=None, **more)
    return Fact(streams.pupil(pupil), left)


def test_each_code_counts_as_its_rule_says(school):
    """Possible, attended, authorised, unauthorised and late follow from the code."""
    codes = ("/", "L", "I", "U", "X")
    days = weekdays(date(2025, 9, 8), date(2025, 9, 12))
    school.add(AT, *(marked("ann", f"{d}/AM", c) for d, c in zip(days, codes, strict=True)))
    school.add(AT, marked("ann", f"{days[0]}/PM", "L"))
    row = rows(school, on=days[-1], from_=days[0])["U-ann"]
    assert row == row | {
        "upn": "U-ann", "possible": 5, "attended": 3, "authorised": 1, "unauthorised": 1,
        "late": 3, "missing": 4, "undated": 0, "attendance": "60.0",
        "late_before_close": 2, "late_after_close": 1,
        "codes": {"/": 1, "I": 1, "L": 2, "U": 1, "X": 1},
    }  # fmt: skip


def test_late_before_and_after_the_register_closed_are_never_one_number(school):
    """L is attendance, U is absence: apart in the table, in words, and said beneath."""
    days = weekdays(date(2025, 9, 8), date(2025, 9, 10))
    codes = ("L", "L", "U")
    school.add(AT, *(marked("ann", f"{d}/AM", c) for d, c in zip(days, codes, strict=True)))
    asked = {"on": days[-1], "from_": days[0], "pupil": "U-ann"}
    answer = school.ask(Rates(**asked, explain=True))
    grid, words, _ = answer.blocks
    at = list(grid.headings).index("Late L+U")
    assert [row[at] for row in grid.rows] == ["2+1", "2+1"]
    said = "Late: L before the register closed, counted as attended; U after it closed, counted"
    assert grid.notes[0].startswith(said)
    assert any("; late: L 2, U 1; 3 without a mark." in line for line in words.lines)
    nobody = school.ask(Rates(**asked | {"pupil": "U-bob"}))
    assert not any("Late" in note for note in nobody.blocks[0].notes)


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ({"by": "registration"}, "on"),
        ({"by": "cohort", "membership": "session"}, "session"),
        ({"group": "9A"}, "on"),
        ({"group": "9A", "membership": "session"}, "session"),
        ({}, None),
        ({"by": "school", "membership": "session"}, None),
    ],
)
def test_figures_of_groups_say_which_membership_they_go_by(school, asked, counted):
    """In the document and beneath; of pupils without a group there is nothing to say."""
    answer = school.ask(Rates(**DAY, **asked))
    assert answer.document.get("membership") == counted
    told = [note for note in answer.blocks[-1].notes if note.startswith("Groups (--membership")]
    assert [note.split()[2] for note in told] == ([] if counted is None else [f"{counted}):"])


ANN = DAY | {"pupil": "U-ann"}
MARKED = marked("ann", AM, "/")
COUNTED = {
    "a session without a mark is missing and not possible": (
        [], ANN, {"U-ann": {"missing": 2, "possible": 0, "attendance": None}},
    ),
    "a planned closure counts for nobody, and its marks are not counted": (
        [MARKED, closed(sessions=("AM",))], ANN, {"U-ann": {"missing": 1, "codes": {}}},
    ),
    "a closure for a group concerns its members on the day only": (
        [closed(groups=("9A",))], DAY, {"U-cy": {"missing": 2}},
    ),
    "a cancelled session gives Y4 to everyone on roll, and nothing else counts": (
        [MARKED, closed(SessionCancelled, sessions=("AM",))],
        DAY,
        {
            "U-ann": {"codes": {"Y4": 1}, "possible": 0, "missing": 1},
            "U-bob": {"codes": {"Y4": 1}, "possible": 0, "missing": 1},
            "U-cy": {},
            None: {"codes": {"Y4": 3}},
        },
    ),
    "a session cancelled before the 2024 regulations gives Y": (
        [
            term("Summer", SUMMER, date(2024, 7, 5)),
            enrolled("dot", SUMMER),
            closed(SessionCancelled, SUMMER, sessions=("PM",)),
            marked("dot", f"{SUMMER}/PM", "N"),
        ],
        {"from_": SUMMER, "on": SUMMER},
        {"U-dot": {"codes": {"Y": 1}}},
    ),
    "whoever is on roll on cancelled sessions only is in no row and no total": (
        [closed(SessionCancelled, groups=("9A",))], DAY, {"U-cy": {}, None: {"codes": {}}},
    ),
    "cancelled wins over planned": (
        [closed(SessionCancelled, sessions=("AM",)), closed(sessions=("AM",), groups=("9A",))],
        ANN,
        {"U-ann": {"codes": {"Y4": 1}}},
    ),
    "a withdrawn closure lets marks count again": (
        [MARKED, closed(SessionCancelled), closed(ClosureWithdrawn)],
        ANN,
        {"U-ann": {"codes": {"/": 1}}},
    ),
    "marks after the last day on roll do not count, those of that day do": (
        [marked("cy", f"{day}/AM", "/") for day in ("2025-09-29", "2025-09-30", "2025-10-01")],
        {"from_": date(2025, 9, 29), "on": date(2025, 10, 3), "pupil": "U-cy"},
        {"U-cy": {"possible": 2, "missing": 2}},
    ),
    "several spells are one row": (
        [
            enrolled("cy", date(2025, 11, 3), surname="Cole", forename="Cy", local_id=None),
            marked("cy", "2025-09-30/AM", "/"),
            marked("cy", "2025-11-03/AM", "/"),
        ],
        {"from_": date(2025, 9, 30), "on": date(2025, 11, 3), "pupil": "U-cy"},
        {"U-cy": {"possible": 2, "missing": 2}},
    ),
    "overlapping terms count a session once": (
        [term("Another", date(2025, 9, 1), MONDAY)], ANN, {"U-ann": {"missing": 2}},
    ),
    "a pupil who left within the range is listed": (
        [], SEPTEMBER, {"U-ann": {}, "U-bob": {}, "U-cy": {}},
    ),
    "current keeps only pupils on roll at the date": (
        [], SEPTEMBER | {"current": True}, {"U-ann": {}, "U-bob": {}},
    ),
    "a leaver counts in the last group held on roll": (
        [], {"by": "registration", "on": date(2025, 10, 3)}, {"9A": {}, "9B": {}},
    ),
    "whoever is in no group of a kind counts in none": (
        [],
        DAY | {"by": "year"},
        {"Y9": {"missing": 4}, "(none)": {"missing": 2}, None: {"missing": 6}},
    ),
    "a pupil of two cohorts counts in both and once in the total": (
        [],
        DAY | {"by": "cohort"},
        {
            "FSM": {"missing": 2},
            "SEND": {"missing": 2},
            "(none)": {"missing": 4},
            None: {"missing": 6},
        },
    ),
    "a cohort left while on roll is left": (
        [],
        {"by": "cohort", "from_": MONDAY, "on": date(2025, 9, 15)},
        {"FSM": {}, "(none)": {}},
    ),
    "by the school there is one row, under its URN": (
        [], DAY | {"by": "school", "school": URN}, {URN: {"missing": 6}},
    ),
    "by group": ([], DAY | {"group": "9A"}, {"U-ann": {}, "U-bob": {}}),
    "by year": ([], DAY | {"year": "Y9"}, {"U-ann": {}, "U-bob": {}}),
    "by cohort": ([], DAY | {"cohort": "FSM"}, {"U-ann": {}}),
    "by group and local id": ([], DAY | {"group": "9A", "pupil": "L-bob"}, {"U-bob": {}}),
    "by group as at each session": (
        [], DAY | {"group": "9A", "membership": "session"}, {"U-ann": {}, "U-bob": {}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "asked", "expect"), COUNTED.values(), ids=COUNTED)
def test_what_counts_for_whom(school, facts, asked, expect):
    """In exactly these rows, with these counts."""
    if facts:
        school.add(AT, *facts)
    found = rows(school, **asked)
    total = found.pop(None)
    assert found.keys() == expect.keys() - {None}
    for name, counts in expect.items():
        row = total if name is None else found[name]
        assert {key: row[key] for key in counts} == counts


def test_a_later_version_stands_once_it_is_known(school):
    """Before an amendment was recorded the old code counts, after it the new one."""
    school.add(AT, marked("ann", AM, "N"))
    amended = MarkAmended(original="N", code="I", reason="ill", by="s1", name="M", job_title="O")
    school.add(AT + 60_000_000, on_mark("ann", AM, amended))
    before = rows(school, known_at="2025-09-08T09:00:00Z", **DAY)["U-ann"]
    assert before["codes"] == {"N": 1}
    assert rows(school, **DAY)["U-ann"]["codes"] == {"I": 1}


def test_two_positions_show_what_the_log_held(school):
    """The first N events, also in the middle of a transaction; an instant filters within it."""
    head = school.add(AT, MARKED, marked("ann", PM, "\\"))
    assert rows(school, position=head - 1, **DAY)["U-ann"]["codes"] == {"/": 1}
    assert rows(school, position=head, **DAY)["U-ann"]["codes"] == {"/": 1, "\\": 1}
    asked = {"position": head, "known_at": "2025-09-08T08:59:59Z", **DAY}
    assert rows(school, **asked)["U-ann"]["codes"] == {}


EIGHT = instant(2025, 9, 8, 8)
ENTERED = marked("ann", AM, "N", stated=EIGHT, row=2)
STATED = {
    "an imported amendment counts from the time that its source states": (
        [ENTERED, on_mark("ann", AM, MarkAmended(
            original="N", code="C", stated=instant(2025, 9, 8, 8, 30), row=2, by="s1"))],
        {"08:29:59": {"N": 1}, "08:30:00": {"C": 1}},
    ),
    "of a chain the latest stated time so far counts: no version stands before its entry": (
        [ENTERED, on_mark("ann", AM, SourceRestated(
            original="N", code="C", stated=instant(2025, 9, 8, 7), row=2))],
        {"07:30:00": {}, "08:00:00": {"C": 1}},
    ),
    "facts recorded here are filtered by our own time: there is nothing else to compare": (
        [MARKED], {"08:59:59": {}, "09:00:00": {"/": 1}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expect"), STATED.values(), ids=STATED)
def test_the_source_clock_reads_what_the_source_stated(school, facts, expect):
    """Marks without a stated time that were made here count from when they were recorded."""
    school.add(AT, *facts, imported=facts != [MARKED])
    for known, codes in expect.items():
        asked = {"clock": "source", "known_at": f"2025-09-08T{known}Z", **DAY}
        row = rows(school, **asked)["U-ann"]
        assert (row["codes"], row["missing"]) == (codes, 2 - len(codes))


def test_an_undated_mark_is_known_from_the_start_and_counted_as_undated(school):
    """Under the source clock a mark without a stated time counts at any time, as undated."""
    school.add(AT, marked("ann", AM, "/", row=2), imported=True)
    answer = school.ask(Rates(clock="source", known_at="2025-09-02", **DAY))
    row = answer.document["rows"][0]
    assert (row["codes"], row["undated"], answer.document["total"]["undated"]) == ({"/": 1}, 1, 1)
    assert "no time" in answer.blocks[0].notes[0]


def test_membership_by_session_follows_the_pupil(school):
    """Bob moves to 9B on Tuesday: Monday counts in 9A, Tuesday in 9B."""
    joins = joined("bob", "registration", "9B", since=date(2025, 9, 9))
    school.add(AT, moved("bob", "9A", until=MONDAY), joins)
    asked = {"by": "registration", "from_": MONDAY, "on": date(2025, 9, 9), "pupil": "U-bob"}
    assert set(rows(school, **asked)) == {"9B", None}
    found = rows(school, membership="session", **asked)
    assert {name: row["missing"] for name, row in found.items()} == {"9A": 2, "9B": 2, None: 4}


def test_membership_by_session_without_a_group_is_none(school):
    """Sessions on which a pupil was in no group of the kind count in ``(none)``."""
    asked = {"by": "cohort", "from_": date(2025, 9, 12), "on": date(2025, 9, 15)}
    found = rows(school, membership="session", pupil="U-ann", **asked)
    assert {name: row["missing"] for name, row in found.items()} == {
        "FSM": 4, "SEND": 2, None: 4,
    }  # fmt: skip
    bob = rows(school, membership="session", pupil="U-bob", **asked)
    assert set(bob) == {"(none)", None}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"group": "9Z"}, "group-unknown"),
        ({"year": "9A"}, "group-unknown"),
        ({"cohort": "9A"}, "group-unknown"),
        ({"pupil": "nobody"}, "pupil-unknown"),
        ({"school": "999999"}, "school-other"),
    ],
)
def test_who_is_not_known_is_refused(school, asked, code):
    """A name that no group, pupil or school has is an answer with a remedy, not a zero."""
    with pytest.raises(Refused) as refused:
        school.ask(Rates(**asked))
    assert refused.value.code == code
    assert refused.value.remedy


def test_a_school_not_recorded_yet_is_no_school(empty):
    """Asking a ledger without a school for one is refused."""
    empty.add(AT, term("Autumn", MONDAY, MONDAY))
    with pytest.raises(Refused, match="no school yet"):
        empty.ask(Rates(school=URN))


def test_before_the_first_event_nothing_is_known_and_nothing_is_zero(school):
    """An earlier instant says so: no rows, no total, a sentence."""
    answer = school.ask(Rates(known_at="2025-07-31"))
    assert answer.document["knows_nothing"] is True
    assert answer.document["total"] is None
    assert not answer.rows()
    assert "knew nothing before" in answer.blocks[0].lines[0]


def test_a_range_without_sessions_counts_nobody(school):
    """In August there is no session: no row, a total of nothing."""
    answer = school.ask(Rates(from_=date(2025, 8, 1), on=date(2025, 8, 31)))
    assert not answer.rows()
    assert answer.document["total"]["attendance"] is None
    by_year = school.ask(Rates(by="year", from_=date(2025, 8, 1), on=date(2025, 8, 31)))
    assert not by_year.rows()


def test_a_source_that_states_a_group_before_its_pupil_is_answered(school):
    """Groups undated, the pupil recorded later: under the source clock nobody is on roll yet."""
    late = instant(2025, 9, 5, 9)
    school.add(
        AT,
        enrolled("eve", date(2025, 9, 3), stated=late),
        joined("eve", "registration", "9E"),
        Fact(streams.CALENDAR, SessionsClosed(date=MONDAY, groups=("9E",))),
        imported=True,
    )
    asked = {"clock": "source", "known_at": "2025-09-04", "by": "registration", **DAY}
    for membership in ("on", "session"):
        assert "9E" not in rows(school, membership=membership, **asked)


def test_a_spell_known_before_another_is_named_all_the_same(school):
    """The first spell states a time, the second none: the second is known from the start."""
    school.add(
        AT,
        enrolled("eve", date(2025, 6, 2), stated=instant(2025, 9, 5, 9)),
        Fact(streams.pupil("eve"), PupilRemoved(
            starts_on=date(2025, 6, 2), leaves_on=date(2025, 6, 6))),
        enrolled("eve", date(2025, 9, 3)),
        imported=True,
    )  # fmt: skip
    found = rows(school, clock="source", known_at="2025-09-04", **DAY)
    assert found["U-eve"]["missing"] == 2


def test_rows_are_sorted_and_shown_with_name_and_counts(school):
    """By key in the document; in the table with name, counts and a total."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"), marked("bob", "2025-09-08/AM", "I"))
    answer = school.ask(Rates(**DAY))
    assert [row["upn"] for row in answer.rows()] == ["U-ann", "U-bob", "U-cy"]
    grid = answer.blocks[0]
    assert isinstance(grid, Grid)
    assert grid.rows[0][:2] == ("U-ann", "Ann Able")
    at = list(grid.headings).index("Attendance")
    shown = [row[at] for row in grid.rows]
    assert shown == ["100.0 % (1 of 1)", "0.0 % (0 of 1)", "no sessions", "50.0 % (1 of 2)"]
    assert text.as_csv(answer).splitlines()[1].startswith("U-ann,1,1,0,0,0,1,0,/=1,100.0,0,0")


def test_groups_are_shown_in_natural_order(school):
    """9B comes before 10A for a reader, after it in the document."""
    school.add(AT, Fact(streams.pupil("cy"), GroupJoined(kind="registration", name="10A")))
    answer = school.ask(Rates(by="registration", **DAY))
    assert [row["group"] for row in answer.rows()] == ["10A", "9A", "9B"]
    assert [row[0] for row in answer.blocks[0].rows] == ["9A", "9B", "10A", "All"]


def test_two_parts_of_a_school_make_the_whole(school):
    """Counts are added, groups and periods of one name are one, and then comes the percentage."""
    days = weekdays(date(2025, 9, 8), date(2025, 9, 12))
    school.add(
        AT, *(marked(p, f"{d}/AM", c) for p, c in (("ann", "/"), ("bob", "I")) for d in days)
    )
    for how in ({"by": "year"}, {"by": "year", "per": "week"}, {"by": "pupil"}, {"by": "code"}):
        asked = {"on": days[-1], "from_": days[0], **how}
        with open_view(school.folder, Rates(**asked), lambda: NOW) as view:
            whole, ann, bob, cy = (
                Rates(**asked, pupil=who).find(view) for who in (None, "U-ann", "U-bob", "U-cy")
            )
            added = Rates(**asked).present(ann + bob + cy).document
            assert added == Rates(**asked).present(whole).document
