"""``penalties`` through a real ledger: generated schools recorded event by event, and asked."""

import pytest

from ledger.clock import iso
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.penalties import NoticeStated
from ledger.events.register import MarkAmended
from ledger.events.roll import ParentRecorded, PupilRemoved, RelationRecorded
from ledger.store.store import Fact
from policies.law import age
from projections.penalties.penalties import Penalties
from tests.projections import ledgers
from tests.projections.penalties import oracle, schools

START = ledgers.instant(2024, 1, 1, 8)
BY_HAND = range(1000, 1024)
IMPORTED = range(2000, 2012)
PUPILS = 4
MOMENTS = 20


@pytest.mark.parametrize("seed", BY_HAND)
def test_rows_of_a_register_kept_here_agree_with_the_oracle(seed, tmp_path):
    """Recorded moment by moment: who is listed, every figure, when ten were recorded, parents."""
    school, book = made(seed, tmp_path)
    with book.writing():
        for moment in range(MOMENTS + 1):
            facts = [f for n, p in enumerate(school.pupils) for f in marks(n, p, moment)]
            if facts:
                book.commit(START + moment * ledgers.HOUR, *facts)
    compare(school, book, "ledger")


@pytest.mark.parametrize("seed", IMPORTED)
def test_rows_of_an_imported_register_agree_under_the_source_clock(seed, tmp_path):
    """All of it in one transaction; the moments are those that the source stated."""
    school, book = made(seed, tmp_path)
    facts = [
        fact
        for moment in range(MOMENTS + 1)
        for n, pupil in enumerate(school.pupils)
        for fact in marks(n, pupil, moment, stated=START + moment * ledgers.HOUR, row=2)
    ]
    if facts:
        book.add(ledgers.NOW, *facts, imported=True)
    compare(school, book, "source")


def compare(school, book, clock):
    question = Penalties(on=school.on, at_least=1, clock=clock)
    rows = {r["upn"]: r for r in book.ask(question, now=ledgers.NOW + 1).rows()}
    for n, pupil in enumerate(school.pupils):
        right = oracle.expected(school, pupil)
        row = rows.pop(f"U-pupil{n}", None)
        if right["peak"] == 0:
            assert row is None
            continue
        first, parents = right.pop("first_recorded"), right.pop("parents")
        only_with_provisional = right["met"] and not right.pop("settled_met")
        assert row == {**row, **{k: v for k, v in right.items() if k != "settled_met"}}
        at = None if first is None else iso(START + first * ledgers.HOUR)
        assert row["first_recorded_met_at"] == at
        names = ("previous", "outcome", "amount_within_21_days", "amount")
        assert {p["parent_id"]: tuple(p[k] for k in names) for p in row["parents"]} == parents
        found = any(blocker.startswith("provisional-only:") for blocker in row["blockers"])
        assert found == only_with_provisional
    assert not rows


def made(seed, tmp_path):
    """Return a generated school, and a ledger that holds all of it but its marks."""
    school = schools.generated(seed, PUPILS)
    moments = sorted({m for p in school.pupils for v in p.marks.values() for m, _ in v})
    for pupil in school.pupils:
        for versions in pupil.marks.values():
            fewer = {MOMENTS * moments.index(m) // len(moments): code for m, code in versions}
            versions[:] = sorted(fewer.items())
    book = ledgers.Book(tmp_path / "ledger")
    terms = [ledgers.term(f"Term {n}", *days) for n, days in enumerate(school.terms)]
    people = [f for n, p in enumerate(school.pupils) for f in admitted(n, p)]
    facts = [*terms, *map(closure, school.closed), *people]
    book.add(START - ledgers.HOUR, ledgers.created(), ledgers.opened(), ledgers.staff(), *facts)
    return school, book


def closure(closed):
    """Return the event of a closure."""
    (day, half), kind = closed.session, SessionCancelled if closed.cancelled else SessionsClosed
    event = kind(date=day, sessions=(half,), groups=tuple(sorted(closed.groups)))
    return Fact(streams.CALENDAR, event)


def admitted(n, pupil):
    """Yield a pupil's roll, groups, parents and notices."""
    name, born = f"pupil{n}", pupil.born
    for first, last in pupil.spells:
        yield ledgers.enrolled(
            name, first, dob=born.isoformat(),
            birth_cohort=age.birth_cohort(born),
            compulsory_from=age.begins(born),
        )  # fmt: skip
        if last is not None:
            yield Fact(streams.pupil(name), PupilRemoved(starts_on=first, leaves_on=last))
    for group, since, until in pupil.groups:
        yield ledgers.joined(name, "year", group, since=since, until=until)
    for parent in ("p1", "p2"):
        yield Fact(streams.parent(f"{parent}"), ParentRecorded(surname="Able"))
        relation = RelationRecorded(relationship="mother")
        yield Fact(streams.relation(parent, name), relation)
    for notice in pupil.notices:
        yield Fact(streams.notices(notice.parent, name), stated(notice))


def stated(notice):
    """Return the event of a notice."""
    sessions = tuple(f"{day}/{half}" for day, half in notice.sessions)
    return NoticeStated(**notice.stated() | {"sessions": sessions})


def marks(n, pupil, moment, **more):
    """Yield what was recorded for a pupil at a moment."""
    for (day, half), versions in sorted(pupil.marks.items()):
        for before, (at, code) in zip([None, *versions], versions, strict=False):
            if at == moment and before is None:
                yield ledgers.marked(f"pupil{n}", f"{day}/{half}", code, **more)
            elif at == moment:
                change = MarkAmended(original=before[1], code=code, reason="r", **more)
                yield ledgers.on_mark(f"pupil{n}", f"{day}/{half}", change)
