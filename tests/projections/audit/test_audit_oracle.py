"""Each check of `audit` against brute force, on registers made up at random."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from ledger.clock import parse_instant
from ledger.events import streams
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import NoticeStated, PenaltyConsidered
from ledger.events.register import (
    MarkAmended,
    MarkCorrected,
    RegisterTaken,
    SessionMarked,
    SourceRestated,
)
from ledger.events.school import StaffJoined
from ledger.store.facts import Fact
from ledger.values import parse_session
from projections.audit.audit import Audit
from projections.history.changes import Changes
from tests.projections import office_cases as cases
from tests.projections.audit import oracle
from tests.projections.ledgers import enrolled, instant, joined

PUPILS = {"a1": "9A", "a2": "9A", "b1": "9B", "b2": "9B", "c1": "9C"}
ODD = {"a1": 0.4, "a2": 0.35, "b1": 0.14, "b2": 0.1, "c1": 0.3}
STAFF = {
    "t1": "teacher", "t2": "teacher", "t3": "teacher", "o1": "attendance_officer",
    "o2": "attendance_officer", "h1": "head",
}  # fmt: skip
TEACHER = {"9A": "t1", "9B": "t2", "9C": "t3"}
FIRST, LAST = date(2026, 9, 14), date(2026, 10, 22)
ON = date(2026, 11, 20)
NOW = instant(2027, 1, 2, 12)
CODES = ("N", "N", "N", "I", "O", "U", "G", "M", "/", "/", "L", "V")
SMALL = {"batch_over": 2, "before": 4, "inspection": (date(2026, 10, 14),), "margin": 40}


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """The school of the cases with two officers, three teachers, a head and three groups."""
    facts = [enrolled(pupil, cases.FIRST) for pupil in PUPILS]
    facts += [joined(pupil, "registration", group) for pupil, group in PUPILS.items()]
    facts += [
        Fact(streams.staff(s), StaffJoined(name=f"Name {s}", job_title=f"Post {s}", roles=(role,)))
        for s, role in STAFF.items()
    ]
    return cases.school(tmp_path_factory.mktemp("oracle") / "ledger", *facts)


@dataclass
class Author:
    """Writes a random register into a ledger, and keeps what was said in plain lists."""

    book: object
    random: random.Random
    marks: dict = field(default_factory=dict)
    taken: set = field(default_factory=set)
    notices: list = field(default_factory=list)
    considered: list = field(default_factory=list)
    disclosed: list = field(default_factory=list)

    def write(self):
        self.favourite = self.random.choice(("a1", "a2", "c1"))
        day = FIRST
        with self.book.writing():
            while day <= ON:
                if oracle.is_school_day(day):
                    if day <= LAST:
                        self._register(day)
                    for at in range(self.random.choice((0, 1, 1, 2))):
                        self._changes(day, 12 + at)
                    if self.random.random() < 0.15:
                        self._paper(day)
                elif self.random.random() < 0.4:
                    self._changes(day, 12)
                day += timedelta(days=1)
        return self

    def _commit(self, day, hour, facts, **more):
        """Record facts; return their positions."""
        head = self.book.commit(instant(day.year, day.month, day.day, hour), *facts, **more)
        return range(head - len(facts) + 1, head + 1)

    def _register(self, day):
        for half, hour, present in (("AM", 8, "/"), ("PM", 11, "\\")):
            facts, said = [], []
            for pupil, group in PUPILS.items():
                if self.random.random() < 0.04:
                    continue
                odd = self.random.random() < ODD[pupil]
                code = self.random.choice(CODES) if odd else present
                by = TEACHER[group] if self.random.random() < 0.97 else "t2"
                session = f"{day}/{half}"
                mark = SessionMarked(code=code, by=by)
                facts.append(Fact(streams.mark(pupil, session), mark))
                said.append((pupil, session, oracle.Said("entry", code, by, day, 0)))
                if odd and self.random.random() < 0.2:
                    change = MarkCorrected(original=code, code="I", by=by)
                    facts.append(Fact(streams.mark(pupil, session), change))
                    said.append((pupil, session, oracle.Said("taking", "I", by, day, 0)))
            if self.random.random() < 0.1:
                taken = RegisterTaken(by="o1", ended=1, marks=1)
                facts.append(Fact(streams.register("9C", parse_session(f"{day}/{half}")), taken))
                self.taken.add(("9C", "o1"))
            self._keep(said, self._commit(day, hour, facts))

    def _keep(self, said, positions):
        for (pupil, session, one), position in zip(said, positions, strict=False):
            one.position = position
            self.marks.setdefault((pupil, session), []).append(one)

    def _changes(self, day, hour):
        """Some marks are changed at once, by one person, here or as a source states it."""
        random_ = self.random
        kind_to, some = self._some()
        by = random_.choice(list(STAFF))
        batch = random_.choice((None, f"b{day}{hour}"))
        imported = random_.random() < 0.3
        stated = self._stated(day, hour) if imported else None
        when = day if not imported else (None if stated is None else stated[1])
        facts, said = [], []
        act = ("act", day, hour, by) if not imported else stated and ("stated", stated[0], by)
        for pupil, session in some:
            if stated and stated[1] < oracle.day_of(session):
                continue
            original, code = self.marks[pupil, session][-1].code, random_.choice(CODES)
            code = "/" if kind_to else code
            common = {"original": original, "code": code, "stated": stated and stated[0]}
            if imported and random_.random() < 0.4:
                event, kind = SourceRestated(**common), "restated"
            else:
                event = MarkAmended(**common, reason="why", by=by, name="N", batch=batch)
                kind = "amendment"
            facts.append(Fact(streams.mark(pupil, session), event))
            who, tied = (by, batch) if kind == "amendment" else (None, None)
            made = day if kind == "restated" else when
            said.append(
                (pupil, session, oracle.Said(kind, code, who, made, 0, tied, act, imported))
            )
        late = self._late(day, by)
        if late and not imported:
            facts.append(late[0])
            said.append(late[1])
        if facts:
            self._keep(said, self._commit(day, hour, facts, imported=imported, by=by))

    def _some(self):
        """Which marks are changed, and whether in one pupil's favour, that a line is crossed."""
        random_, known, kind_to = self.random, sorted(self.marks), self.random.random() < 0.6
        if kind_to:
            last = {m: said[-1].code for m, said in self.marks.items() if m[0] == self.favourite}
            known = sorted(m for m, code in last.items() if code in oracle.ABSENT)
        return kind_to, random_.sample(known, min(len(known), random_.choice((1, 1, 2, 3, 4))))

    def _stated(self, day, hour):
        """When a source says that it was changed: up to two days before, or not at all."""
        if self.random.random() < 0.2:
            return None
        on = day - timedelta(days=self.random.choice((0, 0, 1, 2)))
        return parse_instant(f"{on}T{hour}:30"), on

    def _late(self, day, by):
        """A first mark for a session without one."""
        blank = [
            (pupil, f"{d}/{half}")
            for pupil in PUPILS
            for d in (FIRST + timedelta(days=n) for n in range((min(day, LAST) - FIRST).days))
            for half in ("AM", "PM")
            if oracle.is_school_day(d) and (pupil, f"{d}/{half}") not in self.marks
        ]
        if not blank:
            return None
        pupil, session = self.random.choice(blank)
        code = self.random.choice(CODES)
        mark = SessionMarked(code=code, by=by, late=True)
        fact = Fact(streams.mark(pupil, session), mark)
        return fact, (pupil, session, oracle.Said("late_entry", code, by, day, 0))

    def _paper(self, day):
        pupil = self.random.choice(list(PUPILS))
        mine = sorted(s for p, s in self.marks if p == pupil)
        some = set(self.random.sample(mine, min(5, len(mine))))
        seen_at = self.book.store.head()
        kind = self.random.choice(("notice", "considered", "certificate", "letter"))
        if kind == "notice":
            issued = day - timedelta(days=self.random.choice((0, 1)))
            stated = NoticeStated(kind="s444A", issued_on=issued, sessions=tuple(sorted(some)))
            fact = Fact(streams.notices("P1", pupil), stated)
            [position] = self._commit(day, 14, [fact])
            known = [n for n in self.notices if n[:2] == (pupil, issued)]
            if known:  # the same notice stated again: its sessions as last stated
                self.notices.remove(known[0])
                position = known[0][3]
            self.notices.append((pupil, issued, some, position))
        elif kind == "considered":
            event = PenaltyConsidered(
                decision="refer", reason="why", by="h1", name="N", job_title="Head", count=1,
                settled=1, peak=1, entries=tuple(f"{s} O" for s in sorted(some)), seen_at=seen_at,
            )  # fmt: skip
            [position] = self._commit(day, 14, [Fact(streams.penalty(pupil), event)])
            self.considered.append((pupil, some, seen_at, position))
        else:
            first = day - timedelta(days=7)
            event = Disclosed(
                kind=kind, to="court", what="it", on=day, first=first, last=day, seen_at=seen_at,
                by="h1", name="N", job_title="Head",
            )  # fmt: skip
            [position] = self._commit(day, 14, [Fact(streams.disclosure(pupil), event)])
            self.disclosed.append((pupil, kind, first, day, seen_at, position))


@pytest.fixture(scope="module")
def told():
    """How often each check found something in any register, lest they agree on nothing."""
    found = {}
    yield found
    assert found
    assert all(found.values()), found


@pytest.mark.parametrize("seed", range(8))
def test_every_check_agrees_with_brute_force(founded, tmp_path, told, seed):
    """Findings, positions and the evidence that decides them, as a set each."""
    book = cases.copied(founded, tmp_path / "ledger")
    author = Author(book, random.Random(seed)).write()  # noqa: S311 - makes schools up
    world = oracle.World(
        author.marks, PUPILS, STAFF, author.taken, author.notices, author.considered,
        author.disclosed, ON,
    )  # fmt: skip
    rows = book.ask(Audit(on=ON, names=True, reason="why", **SMALL), now=NOW).rows()
    for check, expected, got in compared(world, rows):
        assert sorted(map(repr, got)) == sorted(map(repr, expected)), check
        told[check] = told.get(check, 0) + len(expected)
    counted = book.ask(Changes(on=ON, summary=True), now=NOW).document["total"]["late"]
    assert counted == sum(r["check"] == "n-kept" and r["to_code"] is not None for r in rows)


def compared(world, rows):
    """Yield each check with what brute force says, and what the audit says in the same words."""
    batches = oracle.large_batches(world, SMALL["batch_over"])
    papers = oracle.after_paper(world)
    turned = oracle.absent_to_present(world, SMALL["before"], SMALL["inspection"])
    expected = {
        "n-kept": oracle.n_kept(world),
        "late-entries": oracle.late_entries(world),
        "large-batches": ((p, dict(sorted(pairs.items())), *more) for p, pairs, *more in batches),
        "after-paper": ((*rest, sorted(before)) for *rest, before in papers),
        "absent-to-present": (
            (*rest, sorted((kind, str(day)) for kind, day in near)) for *rest, near in turned
        ),
        "just-lifted": oracle.just_lifted(world, SMALL["margin"]),
        "stranger": oracle.strangers(world),
    }
    for check, told in expected.items():
        yield (
            check,
            list(told),
            [SAID[check](r, r["evidence"]) for r in rows if r["check"] == check],
        )


def mark(row):
    """Whose mark of which session it is, and at which position it was first touched."""
    return (row["session"], pupil(row), row["positions"][0])


def pupil(row):
    return row["upn"].removeprefix("U-")


def figures(evidence):
    for end in ("first_entered", "stands"):
        values = tuple(evidence[end].values())
        yield values[0] if len(values) == 1 else values


def late(row, _):
    return (row["session"], pupil(row), row["to_code"], tuple(row["positions"]))


SAID = {
    "n-kept": late,
    "late-entries": late,
    "large-batches": lambda row, e: (
        tuple(row["positions"]), e["pairs"], e["first"], e["last"], e["pupils"],
    ),
    "after-paper": lambda row, e: (
        row["session"], pupil(row), row["to_code"], row["positions"][0],
        sorted((paper["paper"], paper["position"]) for paper in e["papers"]),
    ),
    "absent-to-present": lambda row, e: (
        *mark(row), row["lag"], sorted((look["before"], look["on"]) for look in e["calendar"]),
    ),
    "just-lifted": lambda row, e: (pupil(row), e["figure"], *figures(e)),
    "stranger": lambda row, e: (*mark(row), *e["others_in_role"].values()),
}  # fmt: skip
"""What a row of each check says, in the order of brute force."""
