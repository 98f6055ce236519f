"""`rates`: what counts, for whom, in which row, and how it is written."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, SourceRestated
from ledger.events.roll import GroupJoined, GroupLeft, PupilRemoved
from ledger.store.store import Fact
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


def rows(book, key="upn", **asked):
    """The rows by their key, and the total as None."""
    document = book.ask(Rates(**asked)).document
    return {row[key]: row for row in document["rows"]} | {None: document["total"]}


def closed(kind=SessionsClosed, day=MONDAY, **more):
    """A closure."""
    return Fact(streams.CALENDAR, kind(date=day, **more))


def test_each_code_counts_as_its_rule_says(school):
    """Possible, attended, authorised, unauthorised and late follow from the code."""
    codes = ("/", "L", "I", "U", "X")
    days = weekdays(date(2025, 9, 8), date(2025, 9, 12))
    school.add(AT, *(marked("ann", f"{d}/AM", c) for d, c in zip(days, codes, strict=True)))
    row = rows(school, on=days[-1], from_=days[0])["U-ann"]
    assert row == {
        "upn": "U-ann", "possible": 4, "attended": 2, "authorised": 1, "unauthorised": 1,
        "late": 2, "missing": 5, "undated": 0, "attendance": "50.0",
        "codes": {"/": 1, "I": 1, "L": 1, "U": 1, "X": 1},
    }  # fmt: skip


def test_a_session_without_a_mark_is_missing_and_not_possible(school):
    """Two sessions met without a mark: missing 2, possible 0, attendance null."""
    row = rows(school, **DAY)["U-ann"]
    assert (row["missing"], row["possible"], row["attendance"]) == (2, 0, None)


def test_a_later_version_stands_once_it_is_known(school):
    """Before an amendment was recorded the old code counts, after it the new one."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    amended = MarkAmended(original="N", code="I", reason="ill", by="s1", name="M", job_title="O")
    school.add(AT + 60_000_000, on_mark("ann", "2025-09-08/AM", amended))
    before = rows(school, known_at="2025-09-08T09:00:00Z", **DAY)["U-ann"]
    assert before["codes"] == {"N": 1}
    assert rows(school, **DAY)["U-ann"]["codes"] == {"I": 1}


def test_two_positions_show_what_the_log_held(school):
    """The first N events, also in the middle of a transaction."""
    head = school.add(
        AT, marked("ann", "2025-09-08/AM", "/"), marked("ann", "2025-09-08/PM", "\\")
    )
    assert rows(school, position=head - 1, **DAY)["U-ann"]["codes"] == {"/": 1}
    assert rows(school, position=head, **DAY)["U-ann"]["codes"] == {"/": 1, "\\": 1}


def test_a_position_and_a_time_bound_together(school):
    """The position bounds what was held, the instant filters within it."""
    head = school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    asked = {"position": head, "known_at": "2025-09-08T08:59:59Z", **DAY}
    assert rows(school, **asked)["U-ann"]["codes"] == {}


def test_the_source_clock_reads_what_the_source_stated(school):
    """An imported amendment counts from the time that its source states."""
    school.add(
        AT,
        marked("ann", "2025-09-08/AM", "N", stated=instant(2025, 9, 8, 8), row=2),
        on_mark("ann", "2025-09-08/AM", MarkAmended(
            original="N", code="C", stated=instant(2025, 9, 8, 8, 30), row=2, by="s1")),
        imported=True,
    )  # fmt: skip
    asked = {"clock": "source", **DAY}
    early = rows(school, known_at="2025-09-08T08:29:59Z", **asked)["U-ann"]
    assert early["codes"] == {"N": 1}
    assert rows(school, known_at="2025-09-08T08:30:00Z", **asked)["U-ann"]["codes"] == {"C": 1}


def test_an_earlier_stated_change_waits_for_the_entry_before_it(school):
    """Of a chain the latest stated time so far counts, so no version stands before its entry."""
    school.add(
        AT,
        marked("ann", "2025-09-08/AM", "N", stated=instant(2025, 9, 8, 8), row=2),
        on_mark("ann", "2025-09-08/AM", SourceRestated(
            original="N", code="C", stated=instant(2025, 9, 8, 7), row=2)),
        imported=True,
    )  # fmt: skip
    asked = {"clock": "source", **DAY}
    assert rows(school, known_at="2025-09-08T07:30:00Z", **asked)["U-ann"]["missing"] == 2
    assert rows(school, known_at="2025-09-08T08:00:00Z", **asked)["U-ann"]["codes"] == {"C": 1}


def test_an_undated_mark_is_known_from_the_start_and_counted_as_undated(school):
    """Under the source clock a mark without a stated time counts at any time, as undated."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/", row=2), imported=True)
    asked = Rates(clock="source", known_at="2025-09-02", **DAY)
    answer = school.ask(asked)
    row = answer.document["rows"][0]
    assert (row["codes"], row["undated"], answer.document["total"]["undated"]) == ({"/": 1}, 1, 1)
    assert "no time" in answer.blocks[0].notes[0]


def test_facts_recorded_here_are_filtered_by_our_own_time_under_either_clock(school):
    """The source clock has nothing else to compare a mark made here with."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    asked = {"clock": "source", **DAY}
    assert rows(school, known_at="2025-09-08T08:59:59Z", **asked)["U-ann"]["codes"] == {}
    assert rows(school, known_at="2025-09-08T09:00:00Z", **asked)["U-ann"]["codes"] == {"/": 1}


def test_a_planned_closure_counts_for_nobody(school):
    """Neither possible nor missing, and its marks are not counted."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"), closed(sessions=("AM",)))
    row = rows(school, **DAY)["U-ann"]
    assert (row["missing"], row["codes"]) == (1, {})


def test_a_closure_for_a_group_concerns_its_members_on_the_day_only(school):
    """9A is closed: Ann and Bob met nothing, Cy did."""
    school.add(AT, closed(groups=("9A",)))
    found = rows(school, **DAY)
    assert set(found) == {"U-cy", None}
    assert found["U-cy"]["missing"] == 2


def test_a_cancelled_session_gives_y4_to_everyone_on_roll(school):
    """Y4 in codes without a mark or over another one, and nothing else counts."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"), closed(SessionCancelled, sessions=("AM",)))
    found = rows(school, **DAY)
    for upn in ("U-ann", "U-bob"):
        assert (found[upn]["codes"], found[upn]["possible"], found[upn]["missing"]) == (
            {"Y4": 1}, 0, 1,
        )  # fmt: skip
    assert found[None]["codes"] == {"Y4": 3}


def test_a_session_cancelled_before_the_2024_regulations_gives_y(school):
    """Y4 began on 19 August 2024; before, the code was Y."""
    summer = date(2024, 7, 1)
    school.add(
        AT,
        term("Summer", summer, date(2024, 7, 5)),
        enrolled("dot", summer),
        closed(SessionCancelled, summer, sessions=("PM",)),
        marked("dot", f"{summer}/PM", "N"),
    )
    assert rows(school, from_=summer, on=summer)["U-dot"]["codes"] == {"Y": 1}


def test_a_pupil_on_roll_on_cancelled_sessions_only_is_in_no_row_and_no_total(school):
    """Who is listed was on roll on a session that was met; the total is of those listed."""
    school.add(AT, closed(SessionCancelled, groups=("9A",)))
    found = rows(school, **DAY)
    assert set(found) == {"U-cy", None}
    assert found[None]["codes"] == {}


def test_cancelled_wins_over_planned(school):
    """A session both planned closed and cancelled for a pupil is cancelled."""
    school.add(
        AT,
        closed(SessionCancelled, sessions=("AM",)),
        closed(sessions=("AM",), groups=("9A",)),
    )
    assert rows(school, **DAY)["U-ann"]["codes"] == {"Y4": 1}


def test_a_withdrawn_closure_lets_marks_count_again(school):
    """As known after the withdrawal the session was met."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"), closed(SessionCancelled))
    school.add(AT + 1, closed(ClosureWithdrawn))
    assert rows(school, **DAY)["U-ann"]["codes"] == {"/": 1}


def test_marks_before_the_first_and_after_the_last_day_on_roll_do_not_count(school):
    """Cy left on 30 September: that day counts, the next does not."""
    school.add(AT, *(marked("cy", f"2025-09-{d}/AM", "/") for d in (29, 30)))
    school.add(AT, marked("cy", "2025-10-01/AM", "/"))
    row = rows(school, from_=date(2025, 9, 29), on=date(2025, 10, 3))["U-cy"]
    assert (row["possible"], row["missing"]) == (2, 2)


def test_several_spells_are_one_row(school):
    """Cy comes back in November; both spells count in one row."""
    school.add(
        AT,
        enrolled("cy", date(2025, 11, 3), surname="Cole", forename="Cy", local_id=None),
        marked("cy", "2025-09-30/AM", "/"),
        marked("cy", "2025-11-03/AM", "/"),
    )
    row = rows(school, from_=date(2025, 9, 30), on=date(2025, 11, 3))["U-cy"]
    assert (row["possible"], row["missing"]) == (2, 2)


def test_current_keeps_only_pupils_on_roll_at_the_date(school):
    """Cy has left and is not listed."""
    asked = {"from_": date(2025, 9, 29), "on": date(2025, 10, 1)}
    assert "U-cy" in rows(school, **asked)
    assert set(rows(school, current=True, **asked)) == {"U-ann", "U-bob", None}


def test_a_leaver_counts_in_the_last_group_held_on_roll(school):
    """Membership at a date after leaving is that of the last day on roll."""
    found = rows(school, "group", by="registration", on=date(2025, 10, 3))
    assert set(found) == {"9A", "9B", None}


def test_whoever_is_in_no_group_counts_in_none(school):
    """Of a kind in which nobody belongs to a group, everyone counts in ``(none)``."""
    found = rows(school, "group", by="year", **DAY)
    assert {name: row["missing"] for name, row in found.items()} == {
        "Y9": 4, "(none)": 2, None: 6,
    }  # fmt: skip


def test_a_pupil_of_two_cohorts_counts_in_both_and_once_in_the_total(school):
    """Ann is FSM and, until 12 September, SEND."""
    found = rows(school, "group", by="cohort", **DAY)
    assert {name: row["missing"] for name, row in found.items()} == {
        "FSM": 2, "SEND": 2, "(none)": 4, None: 6,
    }  # fmt: skip


def test_a_cohort_left_while_on_roll_is_left(school):
    """Ann was SEND until 12 September: at a later date she is not."""
    found = rows(school, "group", by="cohort", from_=MONDAY, on=date(2025, 9, 15))
    assert "SEND" not in found


def test_membership_by_session_follows_the_pupil(school):
    """Bob moves to 9B on Tuesday: Monday counts in 9A, Tuesday in 9B."""
    move = {"kind": "registration", "since": None}
    school.add(
        AT,
        Fact(streams.pupil("bob"), GroupLeft(name="9A", until=MONDAY, **move)),
        joined("bob", "registration", "9B", since=date(2025, 9, 9)),
    )
    asked = {"by": "registration", "from_": MONDAY, "on": date(2025, 9, 9), "pupil": "U-bob"}
    assert set(rows(school, "group", **asked)) == {"9B", None}
    found = rows(school, "group", membership="session", **asked)
    assert {name: row["missing"] for name, row in found.items()} == {"9A": 2, "9B": 2, None: 4}


def test_membership_by_session_without_a_group_is_none(school):
    """Sessions on which a pupil was in no group of the kind count in ``(none)``."""
    asked = {"by": "cohort", "from_": date(2025, 9, 12), "on": date(2025, 9, 15)}
    found = rows(school, "group", membership="session", pupil="U-ann", **asked)
    assert {name: row["missing"] for name, row in found.items()} == {
        "FSM": 4, "SEND": 2, None: 4,
    }  # fmt: skip
    bob = rows(school, "group", membership="session", pupil="U-bob", **asked)
    assert set(bob) == {"(none)", None}


def test_filters_keep_the_members(school):
    """By group, year, cohort and pupil, by UPN or local id."""
    assert set(rows(school, group="9A", **DAY)) == {"U-ann", "U-bob", None}
    assert set(rows(school, year="Y9", **DAY)) == {"U-ann", "U-bob", None}
    assert set(rows(school, cohort="FSM", **DAY)) == {"U-ann", None}
    assert set(rows(school, group="9A", pupil="L-bob", **DAY)) == {"U-bob", None}
    assert set(rows(school, group="9A", membership="session", **DAY)) == {"U-ann", "U-bob", None}


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


def test_the_school_is_checked_against_the_ledger(school):
    """Its own URN is accepted; by school there is one row under it."""
    found = rows(school, "group", by="school", school=URN, **DAY)
    assert set(found) == {URN, None}
    assert found[URN]["missing"] == 6


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
        assert "9E" not in rows(school, "group", membership=membership, **asked)


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


def test_overlapping_terms_count_a_session_once(school):
    """Terms as known may overlap; a session is one all the same."""
    school.add(AT, term("Another", date(2025, 9, 1), MONDAY))
    assert rows(school, **DAY)["U-ann"]["missing"] == 2


def test_rows_are_sorted_and_shown_with_name_and_counts(school):
    """By key in the document; in the table with name, counts and a total."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"), marked("bob", "2025-09-08/AM", "I"))
    answer = school.ask(Rates(**DAY))
    assert [row["upn"] for row in answer.rows()] == ["U-ann", "U-bob", "U-cy"]
    grid = answer.blocks[0]
    assert isinstance(grid, Grid)
    assert grid.rows[0][:2] == ("U-ann", "Ann Able")
    assert grid.rows[0][-1] == "100.0 % (1 of 1)"
    assert grid.rows[2][-1] == "no sessions"
    assert grid.rows[-1][-1] == "50.0 % (1 of 2)"
    assert text.as_csv(answer).splitlines()[1].startswith("U-ann,1,1,0,0,0,1,0,/=1,100.0")


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
