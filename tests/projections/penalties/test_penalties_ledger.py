"""``penalties`` through a real ledger: generated schools recorded event by event, and asked."""

import pytest

from ledger.clock import iso
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.penalties import NoticeStated
from ledger.events.register import MarkAmended
from ledger.events.roll import (
    DetailsAmended,
    EnrolmentWithdrawn,
    ParentRecorded,
    PupilRemoved,
    RelationRecorded,
)
from ledger.store.facts import Fact
from policies.law import age
from projections.penalties.penalties import Penalties
from tests.projections import ledgers
from tests.projections.penalties import oracle, schools
from tests.projections.penalties.facts import BY

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
        for moment in range(1, MOMENTS + 2):
            facts = list(recorded_at(school, moment))
            if facts:
                book.commit(START + moment * ledgers.HOUR, *facts)
    compare(school, book, "ledger")


@pytest.mark.parametrize("seed", IMPORTED)
def test_rows_of_an_imported_register_agree_under_the_source_clock(seed, tmp_path):
    """All of it in one transaction; the moments are those that the source stated.

    For terms there is none: they are known from the first as they are now.
    """
    school, book = made(seed, tmp_path, lambda term: term.until is None)
    facts = [
        fact
        for moment in range(1, MOMENTS + 2)
        for fact in recorded_at(school, moment, stated=START + moment * ledgers.HOUR, row=2)
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
        names = ("previous", "outcome", "amount_within_21_days", "amount", "fresh", "to_ask")
        assert {p["parent_id"]: tuple(p[k] for k in names) for p in row["parents"]} == parents
        found = any(blocker.startswith("provisional-only:") for blocker in row["blockers"])
        assert found == only_with_provisional
    assert not rows


def made(seed, tmp_path, keep=None):
    """Return a generated school of few moments, and a ledger of what was there before them.

    ``keep``: which terms there were from the first, and no others.
    """
    school = schools.generated(seed, PUPILS)
    if keep is not None:
        school.terms = [each._replace(since=0) for each in school.terms if keep(each)]
    moments = schools.moments(school)
    place = {m: 1 + MOMENTS * n // len(moments) for n, m in enumerate(moments)} | {0: 0}
    for pupil in school.pupils:
        for versions in pupil.marks.values():
            versions[:] = sorted({place[m]: code for m, code in versions}.items())
        for facts in (pupil.spells, pupil.groups, pupil.born):
            facts[:] = fewer(facts, place)
    for facts in (school.terms, school.closed):
        facts[:] = fewer(facts, place)
    book = ledgers.Book(tmp_path / "ledger")
    first = (ledgers.created(), ledgers.opened(), ledgers.staff())
    families = [f for n, p in enumerate(school.pupils) for f in family(n, p)]
    book.add(START - ledgers.HOUR, *first, *recorded_at(school, 0), *families)
    return school, book


def fewer(facts, place):
    """Return the facts at other moments; what stood for no moment was never seen."""
    found = [schools.Ever(said, place[m], end and place[end]) for said, m, end in facts]
    return [each for each in found if each.since != each.until]


def recorded_at(school, moment, **more):
    """Yield what was recorded at a moment."""
    yield from calendar(school, moment, **more)
    for n, pupil in enumerate(school.pupils):
        name = f"pupil{n}"
        yield from roll(name, pupil, moment, **more)
        for (group, since, until), known, _ in pupil.groups:
            if known == moment:
                yield ledgers.joined(name, "year", group, since=since, until=until, **more)
        if moment:
            yield from births(name, pupil, moment, **more)
        yield from marks(name, pupil, moment, **more)


def calendar(school, moment, **more):
    """Yield what was recorded of terms and closures."""
    for (first, last, name), since, _ in school.terms:
        if since == moment:
            event = TermSet(name=name, first=first, last=last, **more)
            yield Fact(streams.CALENDAR, event)
    for each in school.closed:
        if moment in each[1:]:
            yield closure(each, reopened=each.until == moment, **more)


def closure(closed, *, reopened, **more):
    """Return the event that closes a session, or the one that takes it back."""
    (day, half), kind = closed.said.session, SessionsClosed
    if closed.said.cancelled:
        kind = SessionCancelled
    event = (ClosureWithdrawn if reopened else kind)(
        date=day, sessions=(half,), groups=tuple(sorted(closed.said.groups)), **more
    )
    return Fact(streams.CALENDAR, event)


def roll(name, pupil, moment, **more):
    """Yield what was recorded of a pupil's spells on roll."""
    born = pupil.born[0].said
    for (first, last), since, until in pupil.spells:
        if since == moment == 0:
            yield ledgers.enrolled(
                name, first, dob=born.isoformat(),
                birth_cohort=age.birth_cohort(born),
                compulsory_from=age.begins(born),
            )  # fmt: skip
        if since == moment and last is not None:
            event = PupilRemoved(starts_on=first, leaves_on=last, **more)
            yield Fact(streams.pupil(name), event)
        restated = any(each.said[0] == first and each.since == until for each in pupil.spells)
        if until == moment and not restated:
            event = EnrolmentWithdrawn(starts_on=first, reason="twice", **BY, **more)
            yield Fact(streams.pupil(name), event)


def births(name, pupil, moment, **more):
    """Yield the corrections of a date of birth."""
    for born, since, _ in pupil.born:
        if since == moment:
            event = DetailsAmended(
                field="dob", original="a", amended=born.isoformat(), reason="r",
                birth_cohort=age.birth_cohort(born), compulsory_from=age.begins(born),
                **BY, **more,
            )  # fmt: skip
            yield Fact(streams.pupil(name), event)


def family(n, pupil):
    """Yield a pupil's parents and notices."""
    name = f"pupil{n}"
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


def marks(name, pupil, moment, **more):
    """Yield what was recorded of a pupil's marks."""
    for (day, half), versions in sorted(pupil.marks.items()):
        for before, (at, code) in zip([None, *versions], versions, strict=False):
            if at == moment and before is None:
                yield ledgers.marked(name, f"{day}/{half}", code, **more)
            elif at == moment:
                change = MarkAmended(original=before[1], code=code, reason="r", **more)
                yield ledgers.on_mark(name, f"{day}/{half}", change)
