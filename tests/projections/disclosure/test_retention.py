"""`retention`: the earliest day on which a pupil's records may go."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import MarkAmended, SessionMarked
from ledger.events.roll import PupilRemoved
from ledger.store.facts import Fact
from projections.disclosure.retention import Retention
from projections.rendering.text import as_csv, as_lines
from tests.projections import office_cases as cases
from tests.projections.ledgers import enrolled, instant, on_mark

CASES = cases.load("disclosure/retention")
NOW = instant(2027, 1, 2, 12)


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """The school of the cases, with Ann in it."""
    path = tmp_path_factory.mktemp("retention") / "ledger"
    return cases.school(path, enrolled("ann", cases.FIRST))


@pytest.fixture
def school(founded, tmp_path):
    """A copy of it, to write into."""
    return cases.copied(founded, tmp_path / "ledger")


def ask(book, pupil=None, now=NOW, **asked):
    return book.ask(Retention(pupil=pupil, **asked), now=now)


def at(day):
    return instant(day.year, day.month, day.day, 10)


@pytest.mark.parametrize("name", CASES)
def test_every_case_comes_out_as_the_law_says(school, name):
    """The cases of fixtures/cases/disclosure/retention.toml."""
    given, expect = CASES[name]["given"], CASES[name]["expect"]
    stated = at(given["stated"]) if "stated" in given else None
    imported = {"imported": True} if "imported" in given else {}
    entry = SessionMarked(code="/", stated=stated, row=2 if imported else None)
    school.add(at(given["entered"]), on_mark("ann", given["session"], entry), **imported)
    if "amended" in given:
        amended = MarkAmended(original="/", code="L", reason="late", by="s1", name="M")
        school.add(at(given["amended"]), on_mark("ann", given["session"], amended))
    if "left" in given:
        removed = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=given["left"], ground="a")
        school.add(at(given["left"]), Fact(streams.pupil("ann"), removed))
    roll, marks = ask(school).blocks[0].rows
    assert roll[2:4] == ("admission register", "")
    assert roll[5] == expect["admission"]
    assert marks[3:] == (
        expect["school_year"],
        str(given.get("amended") or given.get("stated") or given["entered"]),
        f"from {expect['earliest']}",
    )


def test_one_pupil_may_be_asked_about(school):
    """By UPN or local id."""
    school.add(cases.LATER, enrolled("bob", date(2026, 9, 2)))
    assert {row["upn"] for row in ask(school).rows()} == {"U-ann", "U-bob"}
    [row] = ask(school, "L-bob").rows()
    assert (row["upn"], row["earliest"], row["on_roll"]) == ("U-bob", None, True)


def test_who_has_left_is_on_roll_no_more(school):
    """Whoever else is."""
    left = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2026, 9, 30), ground="a")
    school.add(cases.LATER, enrolled("bob", date(2026, 9, 2)), Fact(streams.pupil("ann"), left))
    rows = {(row["upn"], row["on_roll"]) for row in ask(school).rows()}
    assert rows == {("U-ann", False), ("U-bob", True)}


def test_a_day_that_has_come_is_said(school):
    """Six years on; the text still says that nothing is deleted."""
    school.add(at(date(2025, 9, 8)), on_mark("ann", "2025-09-08/AM", SessionMarked(code="/")))
    then = instant(2032, 9, 2, 12)
    answer = ask(school, now=then)
    assert [row["may_go"] for row in answer.rows()] == [False, True]
    text = "\n".join(as_lines(answer.blocks[0]))
    assert "from 2032-09-02 (that day has come)" in text
    assert "Nothing is deleted here" in text
    assert ask(school, now=then, on=date(2032, 9, 1)).rows()[1]["may_go"] is False


def test_a_pupil_without_a_school_year_is_kept_from_the_entry(empty):
    """No term is recorded."""
    left = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 9, 5), ground="k")
    empty.add(
        at(date(2025, 9, 8)),
        cases.created(), cases.opened(), enrolled("ann", date(2025, 9, 3)),
        Fact(streams.pupil("ann"), left),
    )  # fmt: skip
    [row] = ask(empty).rows()
    assert row["earliest"] == "2031-09-09"


def test_the_rows_can_be_had_as_csv(school):
    """One line a pupil and record."""
    heading, line = as_csv(ask(school)).splitlines()
    assert heading.startswith("upn,name,record,school_year,last_entry,earliest")
    assert line.startswith("U-ann,Fore-ann Sur-ann,admission register,,2025-08-01,,False")


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event; a slip in who is asked about is refused then, too."""
    answer = ask(school, known_at="2025-07-01")
    assert answer.document["knows_nothing"] is True
    with pytest.raises(Refused, match="no pupil has the UPN or local id 'nobody'"):
        ask(school, "nobody", known_at="2025-07-01")
