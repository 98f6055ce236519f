"""`audit weeks`: the weeks of a school ranked, from the ledger and from versions in memory."""

from datetime import date, timedelta
from itertools import groupby

import pytest

from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import MarkAmended
from ledger.store.facts import Fact
from policies.law.calendar import monday
from policies.packs.codes import codes
from projections.audit.scope import Step
from projections.audit.weeks import AuditWeeks
from projections.audit.weeks_counts import count_weeks
from projections.rendering.text import as_csv, as_text
from tests.projections import office_cases as cases
from tests.projections.audit.schools import School
from tests.projections.ledgers import (
    Book,
    created,
    enrolled,
    instant,
    marked,
    on_mark,
    opened,
    staff,
    term,
)

NOW = instant(2027, 1, 2, 12)


# -- the same numbers, from a ledger ------------------------------------------------------------


def recorded(path, school):
    """Write a school's absences and changes into a ledger, day by day."""
    book, terms = Book(path), []
    for n, (_, held) in enumerate(groupby(school.days, key=lambda d: d - unbroken(school, d))):
        days = list(held)
        terms.append(term(f"Half term {n}", days[0], days[-1]))
    room = 2 * max(school.absences.values())
    pupils = [enrolled(f"p{n:03}", school.days[0]) for n in range(room)]
    first = school.days[0] - timedelta(days=2)
    book.add(noon(first), created(), opened(), staff(), *terms, *pupils, by=None)
    amended = {}
    with book.writing():
        for day in school.days:
            facts = []
            mine = [c for c in school.chains if c[0].day == day]
            for n, chain in enumerate(mine):
                entry, change = chain
                facts.append(marked(f"p{n:03}", entry.session, entry.code, by="s1"))
                why = {"reason": "known now", "by": "s1", "name": "Mo Marsh"}
                event = MarkAmended(original=entry.code, code=change.code, **why)
                made = on_mark(f"p{n:03}", entry.session, event)
                amended.setdefault(change.changed_on, []).append(made)
            others = range(len(mine), school.absences[day])
            facts += [marked(f"p{n:03}", f"{day}/AM", "I") for n in others]
            book.commit(noon(day), *facts, *amended.get(day, ()))
    return book


def unbroken(school, day):
    """How far into its half term a day is, in calendar days."""
    start = day
    while any(start - timedelta(days=n) in school.at for n in (1, 2, 3)):
        start = next(
            start - timedelta(days=n) for n in (1, 2, 3) if start - timedelta(days=n) in school.at
        )
    return day - start


def noon(day):
    return instant(day.year, day.month, day.day, 12)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_ledger_gives_the_same_ranking_as_versions_in_memory(tmp_path, seed):
    """A school year of a small school with a campaign in it, recorded event by event."""
    school = School(seed, years=1, pupils=40)
    planted = school.plant(20, school.week_before(school.census[0]), old=True)
    for chain in planted:
        school.absences[chain[0].day] += 1
    school.chains += planted
    book = recorded(tmp_path / "ledger", school)
    question = AuditWeeks(from_=monday(school.days[0]), on=school.days[-1])
    rows = book.ask(question, now=NOW).rows()
    expected = school.ranking()
    assert [row["week"] for row in rows] == [str(each.week.monday) for each in expected]
    for row, each in zip(rows, expected, strict=True):
        assert (row["kind"], row["changes"]) == (each.kind, each.week.changed[each.kind])
        assert row["absences"] == each.week.stood(each.kind) >= row["changes"]
        assert (row["p"], row["q"]) == (f"{each.p:.2g}", f"{each.q:.2g}")
        assert row["pairs"] == dict(each.week.pairs[each.kind])
    assert rows[0]["rank"] == 1
    assert sum(each["changes"] for row in rows for each in row["kinds"]) > 100


# -- counting -----------------------------------------------------------------------------------

MONDAYS = [date(2026, 9, 7), date(2026, 9, 14), date(2026, 9, 28)]


def step(session, before, after, changed_on, lag=0):
    """An amendment of a mark."""
    what = (0, f"{session}/AM", "amendment", after, before, "s1")
    return Step(*what, None, False, 1, 1, None, changed_on, lag)


def count(*chains, absences=None, on=date(2026, 10, 30)):
    return count_weeks(MONDAYS, chains, absences or {}, codes(), on)


def test_a_change_counts_in_the_week_of_its_session_and_in_that_of_the_change():
    """An old one as such, one of an absence with a reason as such."""
    chain = [step("2026-09-08", "O", "/", date(2026, 9, 29), 12)]
    first, second, third = count(chain)
    assert first.changed == {"sessions": 1, "changes": 0, "old": 0, "settled": 0}
    assert second.changed == dict.fromkeys(second.changed, 0)
    assert third.changed == {"sessions": 0, "changes": 1, "old": 1, "settled": 1}
    assert third.pairs["old"] == {"O>/": 1}


def test_five_school_days_later_is_not_old_and_a_provisional_entry_not_settled():
    """Six would be."""
    week = count([step("2026-09-08", "N", "/", date(2026, 9, 15), 5)])[1]
    assert week.changed == {"sessions": 0, "changes": 1, "old": 0, "settled": 0}
    assert count([step("2026-09-08", "N", "/", date(2026, 9, 16), 6)])[1].changed["old"] == 1


def test_a_mark_changed_twice_is_one_mark_and_two_changes():
    """There and back and there again."""
    back = step("2026-09-08", "/", "O", date(2026, 9, 9))
    again = [step("2026-09-08", "N", "/", date(2026, 9, 8)), back]
    week = count([*again, step("2026-09-08", "O", "/", date(2026, 9, 10))])[0]
    assert (week.changed["sessions"], week.changed["changes"]) == (1, 2)


def test_a_change_in_a_holiday_belongs_to_the_school_week_before():
    """One before the first week, after the day asked about, or at no time stated, to none."""
    assert count([step("2026-09-15", "N", "/", date(2026, 9, 23))])[1].changed["changes"] == 1
    for never in (date(2026, 9, 1), date(2026, 10, 31), None):
        weeks = count([step("2026-09-15", "N", "/", never)])
        assert [w.changed["changes"] for w in weeks] == [0, 0, 0]
        assert weeks[1].changed["sessions"] == 1


def test_a_session_outside_the_weeks_counts_in_none_of_them():
    """Its change does."""
    weeks = count([step("2026-09-22", "N", "/", date(2026, 9, 29))])
    assert [w.changed["sessions"] for w in weeks] == [0, 0, 0]
    assert weeks[2].changed["changes"] == 1
    weeks = count([step("2026-09-01", "N", "/", date(2026, 9, 8))])
    assert [w.changed["changes"] for w in weeks] == [1, 0, 0]


def test_the_absences_that_could_change_are_those_of_the_week_or_before():
    """Its own; for old changes those of the weeks before."""
    absences = {
        date(2026, 9, 8): 3,
        date(2026, 9, 15): 5,
        date(2026, 9, 16): 2,
        date(2026, 9, 28): 1,
    }
    first, second, third = count(absences=absences)
    assert first.absent == {"sessions": 3, "changes": 3, "old": 0, "settled": 3}
    assert second.absent == {"sessions": 7, "changes": 7, "old": 3, "settled": 7}
    assert third.absent == {"sessions": 1, "changes": 1, "old": 10, "settled": 1}


def test_no_change_is_of_fewer_absences_than_were_changed():
    """Those of other weeks count beside, and one changed again; one among the week's own once."""
    absences = {date(2026, 9, 8): 3, date(2026, 9, 28): 4}
    old = [step("2026-09-08", "O", "/", date(2026, 9, 29), 12)]
    own = [
        step("2026-09-28", "N", "/", date(2026, 9, 28)),
        step("2026-09-28", "/", "O", date(2026, 9, 28)),
        step("2026-09-28", "O", "/", date(2026, 9, 28)),
    ]
    first, second, third = count(old, own, absences=absences)
    assert third.absent["changes"] == 4
    assert (third.changed["changes"], third.stood("changes")) == (3, 6)
    assert (third.changed["old"], third.stood("old")) == (1, 3)
    assert (third.changed["settled"], third.stood("settled")) == (2, 5)
    assert (first.stood("sessions"), second.stood("changes")) == (3, 0)
    [_, week, _] = count([step("2026-09-08", "O", "/", date(2026, 9, 15), 5)])
    assert (week.changed["changes"], week.stood("changes")) == (1, 1)
    closed = count([step("2026-09-08", "O", "/", date(2026, 9, 8))])[0]
    assert (closed.changed["sessions"], closed.stood("sessions")) == (1, 1)
    outside = count([step("2026-09-22", "N", "/", date(2026, 9, 29))])[2]
    assert outside.stood("changes") == 1


def test_weeks_have_a_place_in_their_half_term():
    """After a holiday, before one, or neither; the last one known may go on."""
    weeks = [*MONDAYS, date(2026, 10, 5), date(2026, 10, 12)]
    places = [week.place for week in count_weeks(weeks, [], {}, codes(), date(2026, 10, 30))]
    assert places == ["first", "last", "first", "middle", "middle"]


# -- asking -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """A term of a school: two absent each day, one of them here after all on Tuesdays.

    In the week from 21 September nine absences of earlier weeks became presence.
    """
    people = [enrolled(name, cases.FIRST) for name in ("ann", "bob")]
    book = cases.school(tmp_path_factory.mktemp("weeks") / "ledger", *people)
    why = {"reason": "known now", "by": "s1", "name": "Mo Marsh"}
    with book.writing():
        for day in (date(2026, 9, 2) + timedelta(days=n) for n in range(51)):
            if day.weekday() < 5:
                facts = [marked("ann", f"{day}/AM", "N"), marked("bob", f"{day}/AM", "O")]
                if day.weekday() == 1:
                    here = MarkAmended(original="N", code="/", **why)
                    facts.append(on_mark("ann", f"{day}/AM", here))
                if day == date(2026, 9, 23):
                    early = [date(2026, 9, 2) + timedelta(days=n) for n in range(13)]
                    here = MarkAmended(original="O", code="/", **why)
                    facts += [on_mark("bob", f"{d}/AM", here) for d in early if d.weekday() < 5]
                book.commit(noon(day), *facts)
    return book


def ask(book, **asked):
    return book.ask(AuditWeeks(**({"on": date(2026, 10, 23)} | asked)), now=NOW)


def test_the_week_that_departs_most_is_first_with_its_counts(founded):
    """Nine old ones of absences with a reason, against none in any other week."""
    answer = ask(founded)
    row, second = answer.rows()[:2]
    assert (row["rank"], row["week"], row["flagged"]) == (1, "2026-09-21", True)
    assert row["kind"] in ("old", "settled")
    assert (row["changes"], row["pairs"]) == (9, {"O>/": 9})
    assert row["before"] == [{"before": "census", "on": "2026-10-01"}]
    assert (second["rank"], second["flagged"]) == (2, False)
    assert answer.document["total"] == {"weeks": 8, "flagged": 1, "false_discovery_rate": "0.05"}
    assert answer.document["wording"] == "unusual, not improper"


def test_a_day_of_inspection_is_named_beside_its_weeks(founded):
    """With as many school days before it as are asked for."""
    asked = {"inspection": (date(2026, 10, 14),), "before": 1}
    rows = ask(founded, **asked).rows()
    near = {row["week"]: row["before"] for row in rows if row["before"]}
    assert near == {
        "2026-09-28": [{"before": "census", "on": "2026-10-01"}],
        "2026-10-12": [{"before": "inspection", "on": "2026-10-14"}],
    }


def test_one_pupil_can_be_asked_about(founded):
    """Ann's Tuesdays only: no week of hers departs."""
    answer = ask(founded, pupil="U-ann")
    assert answer.document["total"]["flagged"] == 0
    assert {row["absences"] for row in answer.rows() if row["kind"] == "sessions"} <= {2, 3, 4, 5}


def test_the_text_says_what_is_asked_and_what_is_often_behind_it(founded):
    """And never that something is wrong."""
    text = "\n".join(as_text(ask(founded).blocks))
    assert "8 school weeks, 1 flagged (unusual, not improper)" in text
    assert "Asks: in which weeks" in text
    assert "Often: a trainee" in text
    assert "false-discovery rate 0.05" in text
    assert "census 2026-10-01" in text


def test_the_ranking_can_be_had_as_csv(founded):
    """One line a week."""
    heading, first, *rest = as_csv(ask(founded)).splitlines()
    assert heading == ("check,rank,week,kind,changes,absences,expected,p,q,flagged,place,pairs")
    assert first.startswith("weeks,1,2026-09-21,")
    assert len(rest) == 7


def test_too_few_weeks_have_no_pattern(founded):
    """Five weeks say nothing of what is usual."""
    answer = ask(founded, on=date(2026, 10, 2))
    assert list(answer.rows()) == []
    assert "too few to say what is usual" in answer.blocks[0].lines[0]


def test_a_closed_week_is_none(founded, tmp_path):
    """Holidays, and weeks on which the whole school was closed."""
    book = cases.copied(founded, tmp_path / "ledger")
    week = [date(2026, 10, 5) + timedelta(days=n) for n in range(5)]
    facts = [Fact(streams.CALENDAR, SessionsClosed(date=day, reason="Flood")) for day in week]
    book.add(cases.LATER, *facts)
    assert "2026-10-05" not in {row["week"] for row in ask(book).rows()}


def test_a_school_without_terms_has_no_weeks(empty):
    """Nor absences."""
    empty.add(instant(2026, 8, 1), created(), opened(), enrolled("ann", cases.FIRST))
    assert ask(empty).document["total"]["weeks"] == 0


def test_an_absence_on_a_day_outside_every_term_counts_in_no_week(founded, tmp_path):
    """As there is no week for it."""
    book = cases.copied(founded, tmp_path / "ledger")
    before = ask(book).rows()
    book.add(noon(date(2026, 9, 5)), marked("ann", "2026-09-05/AM", "N"))
    assert [row["absences"] for row in ask(book).rows()] == [row["absences"] for row in before]
