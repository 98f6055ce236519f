"""`unresolved`: provisional entries, by when each is to be replaced, and by what."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events.register import MarkAmended
from projections.figures.unresolved import Unresolved, due
from projections.rendering.text import as_csv, as_lines
from tests.projections import office_cases as cases
from tests.projections.ledgers import enrolled, instant, joined, marked, on_mark, term

NOW = instant(2027, 1, 2, 12)
ON = date(2026, 11, 17)
AT = instant(2026, 11, 9, 9)


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """The school of the cases, with Ann and Bob in it."""
    people = [enrolled("ann", cases.FIRST), enrolled("bob", cases.FIRST)]
    group = joined("bob", "registration", "9B")
    return cases.school(tmp_path_factory.mktemp("unresolved") / "ledger", *people, group)


@pytest.fixture
def school(founded, tmp_path):
    """A copy of it, to write into."""
    return cases.copied(founded, tmp_path / "ledger")


def ask(book, **asked):
    return book.ask(Unresolved(**({"on": ON} | asked)), now=NOW)


CASES = cases.load("figures/unresolved")


@pytest.mark.parametrize("name", CASES)
def test_every_case_comes_out_as_the_law_says(school, name):
    """The cases of fixtures/cases/figures/unresolved.toml."""
    case = CASES[name]
    what = case["given"]
    school.add(cases.LATER, marked("ann", what["session"], "N"), *cases.calendar(what))
    rows = ask(school, on=what["on"]).blocks[0].rows
    if not case["expect"].get("open", True):
        assert not rows
        return
    [(session, _, upn, code, deadline, state)] = rows
    assert (session, upn, code) == (what["session"], "U-ann", "N")
    assert {"deadline": deadline, "state": state} == case["expect"]


def test_the_oldest_comes_first_whatever_its_school_year(school):
    """By session, then by UPN; --from narrows it."""
    school.add(
        cases.LATER,
        marked("bob", "2026-11-09/AM", "N"),
        marked("ann", "2026-11-09/AM", "N"),
        marked("bob", "2025-11-10/PM", "N"),
    )
    document = ask(school).document
    found = [(row["session"], row["upn"]) for row in document["rows"]]
    assert found == [
        ("2025-11-10/PM", "U-bob"), ("2026-11-09/AM", "U-ann"), ("2026-11-09/AM", "U-bob"),
    ]  # fmt: skip
    assert document["as_of"]["from"] == "2025-09-03"
    assert document["total"] == {"open": 3, "overdue": 3}
    later = ask(school, from_=date(2026, 9, 1))
    assert [row["upn"] for row in later.rows()] == ["U-ann", "U-bob"]
    assert [row["upn"] for row in ask(school, group="9B").rows()] == ["U-bob", "U-bob"]


def test_one_that_was_amended_is_no_longer_open(school):
    """It was, as known before the amendment."""
    school.add(AT, marked("ann", "2026-11-09/AM", "N"))
    amended = MarkAmended(original="N", code="I", reason="rang", by="s1", name="M")
    school.add(AT + 1, on_mark("ann", "2026-11-09/AM", amended))
    assert not ask(school).rows()
    assert len(ask(school, known_at="2026-11-09T09:00:00Z").rows()) == 1


def test_what_it_may_become_can_be_typed(school):
    """Four ways in words, codes from the law, each with its command."""
    school.add(cases.LATER, marked("ann", "2026-11-09/PM", "N"))
    [row] = ask(school).rows()
    codes = {name: found["code"] for name, found in row["may_become"].items()}
    assert codes == {
        "came_late": "U", "established": None, "not_established": "O", "marked_wrongly": "\\",
    }  # fmt: skip
    assert row["may_become"]["not_established"]["command"] == (
        'attendance amend --pupil U-ann --session 2026-11-09/PM --code O --reason "WHY"'
    )
    assert "--code '\\' " in row["may_become"]["marked_wrongly"]["command"]
    assert "--code CODE " in row["may_become"]["established"]["command"]


def test_the_text_shows_the_oldest_with_its_commands(school):
    """And that nothing happens by itself."""
    school.add(cases.LATER, marked("ann", "2026-11-09/AM", "N"))
    text = "\n".join(as_lines(ask(school).blocks[0]))
    assert "Reason not yet known: 1 open, 1 overdue" in text
    assert "What Fore-ann Sur-ann, 2026-11-09/AM, may become" in text
    assert "cannot be established: O" in text
    assert "are established: the code for them" in text
    assert "nothing is ever written by time passing" in text


def test_rows_can_be_had_as_csv(school):
    """Without what each may become."""
    school.add(cases.LATER, marked("ann", "2026-11-09/AM", "N"))
    heading, line = as_csv(ask(school)).splitlines()
    assert heading == "session,upn,name,code,deadline,overdue,overdue_by,days_left"
    assert line == "2026-11-09/AM,U-ann,Fore-ann Sur-ann,N,2026-11-16,True,1,0"


def test_before_the_law_had_a_deadline_there_is_none(empty):
    """Listed all the same, without deadline and without the list of what it may become."""
    first = date(2024, 6, 3)
    empty.add(
        instant(2024, 6, 1),
        *(cases.created(), cases.opened(), term("Summer", first, date(2024, 7, 19))),
        enrolled("ann", first),
        marked("ann", "2024-06-03/AM", "N"),
    )
    answer = ask(empty, on=date(2024, 7, 19))
    [row] = answer.rows()
    assert (row["deadline"], row["overdue"], row["may_become"]) == (None, False, {})
    assert "What " not in "\n".join(answer.blocks[0].notes)


def test_a_ledger_without_terms_has_nothing_open(empty):
    """No session was ever met."""
    empty.add(instant(2025, 8, 1), cases.created(), cases.opened())
    assert ask(empty).document["total"] == {"open": 0, "overdue": 0}


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event."""
    answer = ask(school, known_at="2025-07-01")
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]


DAY = timedelta(days=1)
START = date(2025, 9, 1)


@settings(max_examples=150, deadline=None)
@given(st.sets(st.integers(0, 40), max_size=30), st.integers(0, 40), st.integers(0, 50))
def test_deadlines_agree_with_counting_on_fingers(closed, at, asked):
    """Day by day from the session: five school days, then one more for each day overdue."""
    weekdays = [START + n * DAY for n in range(41) if (START + n * DAY).weekday() < 5]
    days = [day for n, day in enumerate(weekdays) if n not in closed]
    session, on = START + at * DAY, START + asked * DAY
    counted, deadline, day = 0, None, session
    while day < START + 60 * DAY and deadline is None:
        day += DAY
        counted += day in days
        if day in days and counted == 5:
            deadline = day
    found = due(days, session, on)
    assert (found.deadline, found.today) == (deadline, deadline == on)
    if deadline is not None:
        late = sum(1 for day in days if deadline < day <= on)
        left = sum(1 for day in days if on < day <= deadline)
        assert (found.overdue, found.overdue_by, found.left) == (late > 0, late, left)
