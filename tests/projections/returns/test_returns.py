"""`returns`: who is in the next return to the local authority, why, and by when."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.register import AbsencePlanned
from ledger.events.returns import ReturnAgreed, ReturnMade
from ledger.events.roll import GroupJoined, GroupLeft
from ledger.store.facts import Fact
from ledger.values import Session
from projections.rendering.text import as_csv, as_lines
from projections.returns.returns import Returns
from tests.projections import office_cases as cases
from tests.projections.ledgers import enrolled, instant, joined

NOW = instant(2027, 1, 2, 12)
CASES = cases.load("returns/returns")
O_FOR_TWO_WEEKS = {"marks": [{"from": date(2026, 11, 2), "to": date(2026, 11, 13), "code": "O"}]}


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """The school of the cases."""
    return cases.school(tmp_path_factory.mktemp("returns") / "ledger")


@pytest.fixture
def school(founded, tmp_path):
    """A copy of it, to write into."""
    return cases.copied(founded, tmp_path / "ledger")


def ask(book, kind, on, **asked):
    return book.ask(Returns(kind=kind, on=on, **asked), now=NOW)


@pytest.mark.parametrize("name", CASES)
def test_every_case_comes_out_as_the_law_says(school, name):
    """The cases of fixtures/cases/returns/returns.toml."""
    given, expect = CASES[name]["given"], dict(CASES[name]["expect"])
    school.add(cases.FOUNDED, enrolled("bob", date(2025, 9, 3), birth_cohort=2020))
    cases.fill(school, given)
    rows = [row for row in ask(school, given["kind"], given["on"]).rows() if row["upn"] == "U-ann"]
    assert len(rows) == expect.pop("listed")
    for row in rows:
        assert expect.pop("why", "") in row["why"]
        assert {key: row[key] for key in expect} == expect


def text(answer):
    return "\n".join(as_lines(answer.blocks[0]))


def test_the_attendance_return_says_what_was_agreed(school):
    """Or that nothing is; the newest figure in force stands."""
    on = date(2026, 11, 13)
    assert "No figure for failing to attend regularly" in text(ask(school, "attendance", on))
    figures = [
        ReturnAgreed(sessions=n, weeks=10, since=date(2026, 9, 1), by="s1") for n in (20, 12)
    ]
    school.add(cases.LATER, *(Fact(streams.returns("attendance"), each) for each in figures))
    answer = ask(school, "attendance", on)
    assert answer.document["agreed"] == {"sessions": 12, "weeks": 10}
    assert "No figure" not in text(answer)


def test_both_reasons_are_told_in_one_row(school):
    """On end and not regularly."""
    given = {"kind": "attendance", **O_FOR_TWO_WEEKS}
    given["agreed"] = {"sessions": 10, "weeks": 4, "from": date(2026, 9, 1)}
    cases.fill(school, given)
    [row] = ask(school, "attendance", date(2026, 11, 13)).rows()
    assert row["why"].count(";") == 2
    assert (row["days"], row["sessions"], row["due"]) == (10, 20, None)
    assert row["due_words"].startswith("as agreed with the local authority")


@pytest.mark.parametrize(("third", "longest"), [(date(2026, 12, 4), 13), (date(2026, 11, 30), 10)])
def test_of_several_absences_on_end_the_longest_is_counted(school, third, longest):
    """All are told; a day at school ends the first, a closed one (27 November) ends none."""
    marks = [
        {"from": date(2026, 11, 2), "to": date(2026, 11, 13), "code": "O"},
        {"from": date(2026, 11, 16), "to": date(2026, 11, 16), "code": "/"},
        {"from": date(2026, 11, 17), "to": third, "code": "O"},
    ]
    cases.fill(school, {"kind": "attendance", "marks": marks})
    [row] = ask(school, "attendance", date(2026, 12, 11)).rows()
    assert row["days"] == longest
    assert row["why"].count("2026-11-") >= 2


def test_the_last_return_and_the_way_to_record_the_next_are_said(school):
    """Also in the document."""
    given = {"kind": "attendance", "returns": [{"on": date(2026, 10, 1), "about": "everyone"}]}
    cases.fill(school, given | O_FOR_TWO_WEEKS)
    answer = ask(school, "attendance", date(2026, 11, 13))
    assert answer.document["last_return"] == "2026-10-01"
    assert answer.rows()[0]["since"] == "2026-10-01"
    assert "Attendance return: 1 pupil (last return: 2026-10-01)" in text(answer)
    assert "attendance returns made --kind attendance --on DATE" in text(answer)
    before = ask(school, "attendance", date(2026, 11, 13), known_at="2026-12-01")
    assert before.document["last_return"] is None


def test_from_a_stated_day_only_what_came_about_since(school):
    """--from narrows the look back."""
    cases.fill(school, {"kind": "attendance", **O_FOR_TWO_WEEKS})
    on = date(2026, 11, 20)
    assert len(ask(school, "attendance", on, from_=date(2026, 11, 13)).rows()) == 1
    assert not ask(school, "attendance", on, from_=date(2026, 11, 14)).rows()


def test_a_selection_narrows_the_list(school):
    """By pupil or group."""
    school.add(cases.FOUNDED, enrolled("bob", date(2026, 11, 5)), joined("bob", "year", "Y9"))
    cases.fill(school, {"kind": "joiners", "joined": date(2026, 11, 5)})
    on = date(2026, 11, 12)
    assert len(ask(school, "joiners", on).rows()) == 2
    assert [r["upn"] for r in ask(school, "joiners", on, pupil="U-bob").rows()] == ["U-bob"]
    assert "(overdue)" in text(ask(school, "joiners", on))


def test_membership_by_session_looks_at_every_term(school):
    """Whoever was in the year in the first of them only is one of its leavers."""
    left = date(2025, 11, 14)
    cases.fill(school, {"kind": "leavers", "left": left, "ground": "k"})
    parted = GroupLeft(kind="year", name="Y9", since=None, until=left)
    school.add(cases.LATER, Fact(streams.pupil("ann"), parted))
    asked = {"from_": cases.FIRST, "year": "Y9", "membership": "session"}
    rows = ask(school, "leavers", date(2026, 11, 13), **asked).rows()
    assert [row["upn"] for row in rows] == ["U-ann"]


def test_who_is_left_out_is_counted(school):
    """The most junior class, unless the authority asks."""
    cases.fill(
        school,
        {"kind": "joiners", "joined": date(2026, 9, 2), "year": "Y7", "other_years": ["Y8"]},
    )
    answer = ask(school, "joiners", date(2026, 9, 4))
    assert answer.document["left_out"] == 1
    assert "Left out, unless the authority asks: 1 of the most junior class" in text(answer)


def test_the_most_junior_class_is_that_of_the_year_groups_of_the_day(school):
    """Neither a class is one, nor a year group that had ended, though it was lower."""
    given = {"kind": "joiners", "joined": date(2026, 9, 2), "year": "Y7", "other_years": ["Y8"]}
    cases.fill(school, given)
    ended = GroupJoined(kind="year", name="Y5", since=cases.FIRST, until=date(2026, 7, 17))
    school.add(cases.LATER, joined("ann", "registration", "7A"), Fact(streams.pupil("Y8"), ended))
    assert ask(school, "joiners", date(2026, 9, 4)).document["left_out"] == 1


@pytest.mark.parametrize(
    ("year", "other", "unknown"),
    [("Herons", "Kestrels", True), ("Kestrels", "Herons", True), ("Year 1", "Year R", False)],
)
def test_alphabet_is_no_order_of_age(school, year, other, unknown):
    """Whoever joined is listed, and why is said; reception is more junior than Year 1."""
    given = {"kind": "joiners", "joined": date(2026, 9, 2), "year": year, "other_years": [other]}
    cases.fill(school, given)
    (row,) = ask(school, "joiners", date(2026, 9, 4)).rows()
    assert ("the order of the year groups is not known" in row["why"]) == unknown


def test_a_return_may_be_had_as_csv(school):
    """With the columns of its kind."""
    cases.fill(school, {"kind": "leavers", "left": date(2026, 11, 13), "ground": "k"})
    heading, line = as_csv(ask(school, "leavers", date(2026, 11, 13))).splitlines()
    assert heading == "upn,name,why,due,due_words,overdue,leaves_on,ground,year"
    assert line.startswith("U-ann,Fore-ann Sur-ann,last day 2026-11-13; ground 9(1)(k): has died")


@pytest.mark.parametrize("kind", ["attendance", "sickness", "joiners", "leavers"])
def test_a_ledger_without_terms_has_nobody_to_tell_of(empty, kind):
    """But whoever joined, as far as is known."""
    on = date(2026, 9, 4)
    empty.add(
        instant(2026, 9, 1), cases.created(), cases.opened(), enrolled("ann", on),
        joined("ann", "year", "Y7"),
    )  # fmt: skip
    assert len(ask(empty, kind, on).rows()) == (kind == "joiners")


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event."""
    answer = ask(school, "sickness", date(2026, 11, 13), known_at="2025-07-01")
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]


def test_a_return_is_kept_with_who_made_it(school):
    """One row a return, with the pupils by row number."""
    by = {"by": "s1", "name": "Mo", "job_title": "Officer"}
    made = ReturnMade(on=date(2026, 11, 2), pupils=("ann",), **by)
    cases.fill(school, {"kind": "leavers"})
    head = school.add(cases.LATER, *[Fact(streams.returns("leavers"), made)] * 2)
    ask(school, "leavers", date(2026, 11, 13))
    with_it = ask(school, "leavers", date(2026, 11, 13), position=head)
    assert with_it.document["last_return"] == "2026-11-02"


def test_what_is_planned_for_no_session_is_no_sickness(school):
    """An absence planned for a Saturday adds nothing to those planned for school days."""
    cases.fill(school, CASES["Sickness: expected, because it is planned"]["given"])
    before = ask(school, "sickness", date(2026, 11, 6)).rows()
    saturday = Session(date(2026, 11, 14), "AM")
    planned = AbsencePlanned(code="I", by="s1")
    school.add(instant(2026, 11, 6, 9), Fact(streams.plan("ann", saturday), planned))
    assert ask(school, "sickness", date(2026, 11, 6)).rows() == before
