"""A school with papers on record, and changes of every kind, made up from a seed."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from commands.amending.amend import AmendMarks
from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.core.command import Decision, UseCase, decided, hidden
from commands.core.ranges import one
from commands.register.take import MarkSession
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed, TermSet
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import NoticeStated, PenaltyConsidered
from ledger.events.register import SourceRestated
from ledger.events.roll import (
    DetailsAmended,
    EnrolmentWithdrawn,
    GroupJoined,
    ParentRecorded,
    PupilRemoved,
)
from ledger.store.facts import Fact
from ledger.values import HALVES, Session
from tests.commands.conftest import Desk
from tests.projections import ledgers

TODAY = date(2026, 11, 20)
FIRST_DAY = date(2026, 6, 1)
TERMS = (
    ("Summer 2", FIRST_DAY, date(2026, 7, 17)),
    ("Autumn 1", date(2026, 9, 2), date(2026, 10, 23)),
    ("Autumn 2", date(2026, 11, 2), date(2026, 12, 18)),
)
PUPILS = {"ann": 2012, "bob": 2009}
BY = {"by": "s1", "name": "Mo Marsh", "job_title": "Head"}
BEGUN = ledgers.instant(2026, 10, 1)
NOW = ledgers.instant(2026, 11, 20, 17)
_LAST_YEAR = date(2024, 7, 19)


class Facts(UseCase):
    """Facts recorded as they are: what no command of its own allows, a source may state."""

    act = "import portable"

    facts: tuple[Fact, ...] = hidden(default=())
    dry_run: bool = False
    lazily: bool = False
    reason: str | None = "as its source states it"

    def reads(self, _state):
        """Ask for the streams that are written to."""
        return map(one, dict.fromkeys(fact.stream for fact in self.facts))

    def decide(self, _state, _rules, _now):
        """Record them."""
        facts = list(self.facts)
        if self.lazily:
            school = [f for f in facts if f.stream.startswith((streams.CALENDAR, streams.PUPIL))]
            return Decision(
                iter(facts), len(facts), (), dry_run=self.dry_run, reason=self.reason,
                held=school,
            )  # fmt: skip
        return decided(facts, dry_run=self.dry_run, reason=self.reason)


def notice(parent="a1", pupil="ann", **more):
    """A notice issued on 2 November for an offence in September and October."""
    stated = {
        "kind": "s444A",
        "issued_on": date(2026, 11, 2),
        "offence_first": date(2026, 9, 2),
        "offence_last": date(2026, 10, 23),
    }
    return Fact(streams.notices(parent, pupil), NoticeStated(**stated | more))


def considered(entries, pupil="ann", decision="refer"):
    """A consideration of some entries, ``2026-09-02/AM O``."""
    event = PenaltyConsidered(
        decision=decision, reason="r", count=len(entries), settled=0, peak=len(entries),
        entries=tuple(entries), seen_at=1, **BY,
    )  # fmt: skip
    return Fact(streams.penalty(pupil), event)


def disclosed(pupil="ann", **more):
    """A certificate for the first half term, given on 2 November."""
    stated = {
        "kind": "certificate", "to": "the authority", "what": "certificate", "seen_at": 1,
        "on": date(2026, 11, 2), "first": date(2026, 9, 2), "last": date(2026, 10, 23),
    }  # fmt: skip
    return Fact(streams.disclosure(pupil), Disclosed(**BY, **stated | more))


def founded(path, *facts, at=BEGUN):
    """Return a desk at a new ledger: Ann in 9A, Bob in 11B and beyond school age in July.

    ``at``: when all of it was recorded.
    """
    book = ledgers.Book(path)
    book.add(
        at,
        ledgers.created(),
        ledgers.opened(),
        ledgers.staff("s1", "Mo Marsh", job_title="Head", roles=("head",)),
        ledgers.staff("s2", "Ola Reed", roles=("teacher",)),
        *(ledgers.term(*term) for term in TERMS),
        ledgers.times(FIRST_DAY),
        *(
            ledgers.enrolled(p, FIRST_DAY, birth_cohort=cohort, surname="Quill", forename=p)
            for p, cohort in PUPILS.items()
        ),
        ledgers.joined("ann", "registration", "9A"),
        ledgers.joined("bob", "registration", "11B"),
        *(ledgers.joined("bob", "registration", name, until=_LAST_YEAR) for name in ("9B", "9C")),
        *(Fact(streams.parent(p), ParentRecorded(surname="Quill")) for p in ("a1", "a2")),
        *facts,
    )
    return Desk(book.folder, NOW, staff_id="s1")


@dataclass
class Generated:
    """A school and the changes to make, one command after the other."""

    seed: int

    def __post_init__(self):
        self.random = Random(self.seed)  # noqa: S311 - cases, not keys
        self.away = set()
        self.sessions = [
            Session(day, half)
            for _, first, last in TERMS
            for day in ledgers.weekdays(first, min(last, TODAY))
            for half in HALVES
        ]

    def facts(self):
        """Marks with about ten absences close together, then the papers that rest on them."""
        found = []
        for pupil in PUPILS:
            centre = self.random.randrange(20, len(self.sessions) - 20)
            near = self.sessions[max(0, centre - 45) : centre + 45]
            absent = self.random.sample(near, self.random.randint(8, 12))
            codes = {s: self.random.choice("OOOOUNG") for s in absent}
            for s in self.random.sample(self.sessions, 30):
                codes.setdefault(s, "/" if s.half == "AM" else "\\")
            found += [ledgers.marked(pupil, str(s), code) for s, code in codes.items()]
            found += [self._paper(pupil, sorted(absent)) for _ in range(self.random.randint(1, 3))]
        return found

    def _paper(self, pupil, absent):  # noqa: PLR0911 - one a kind of paper
        some = absent[: self.random.randint(6, len(absent))]
        last = max(some).date
        period = {"offence_first": min(some).date, "offence_last": last}
        issued = min(TODAY, last + timedelta(days=self.random.randrange(10)))
        parent = self.random.choice(["a1", "a2"])
        match self.random.randrange(8):
            case 0 | 1:
                return notice(parent, pupil, issued_on=issued, **period,
                              sessions=tuple(map(str, some)))  # fmt: skip
            case 2:
                return notice(parent, pupil, issued_on=issued, **period)
            case 3:
                ends = self.random.choice(
                    [{"withdrawn_on": issued}, {"withdrawn_on": TODAY + timedelta(days=9)},
                     {"outcome": "withdrawn"}, {"kind": "s105"}, {"outcome": "paid"}]
                )  # fmt: skip
                return notice(parent, pupil, issued_on=issued, **period, **ends)
            case 4 | 5:
                decision = self.random.choice(["refer", "issue", "not-now", "no-discretion"])
                return considered([f"{s} O" for s in some], pupil, decision)
            case 6:
                first = self.random.choice(absent).date
                kind = self.random.choice(["certificate", "pack", "letter"])
                last = first + timedelta(days=25)
                return disclosed(pupil, first=first, last=last, on=issued, kind=kind)
            case _:
                return disclosed(pupil, first=None, last=None)

    def change(self):  # noqa: C901, PLR0911, PLR0912 - one a kind of change
        """Return the next change, which may be refused."""
        pick = self.random.choice
        s, pupil = pick(self.sessions), pick(list(PUPILS))
        code = pick(["O", "O", "U", "I", "I", "C", "N", "P" if s.half == "AM" else "\\"])
        match self.random.randrange(16):
            case 0 | 1 | 2:
                return AmendMarks(pupil=f"U-{pupil}", session=s, code=code, reason="asked")
            case 3 | 4 | 5 | 6:
                from_, to = sorted([s, self._near(s)])
                return AmendMarks(
                    pupil=f"U-{pupil}", from_=str(from_), to_=str(to), code=code,
                    from_code=pick(["O", "O", "I", "N", "U"]), reason="asked",
                )  # fmt: skip
            case 7:
                return MarkSession(pupil=f"U-{pupil}", session=s, code=code)
            case 8:
                return CancelSessions(sessions=(str(s),), group=self._groups(), reason="flood")
            case 9:
                return AddClosure(day=s.date, session=(s.half,), group=self._groups(), reason="x")
            case 10:
                return WithdrawClosure(day=s.date, group=self._groups(), reason="x")
            case 11:
                return self._calendar(s)
            case 12 | 13:
                return self._roll(s, pupil)
            case 14:
                return Facts(
                    facts=(self._paper(pupil, sorted(self.random.sample(self.sessions, 9))),)
                )
            case _:
                return Facts(facts=tuple(self._mixed(pupil)), lazily=True)

    def _near(self, s):
        return self.sessions[min(len(self.sessions) - 1, self.sessions.index(s) + 12)]

    def _groups(self):
        return self.random.choice([(), ("9A",), ("11B",)])

    def _calendar(self, s):
        if self.random.random() < 0.5:
            week = [s.date + timedelta(days=n - s.date.weekday()) for n in range(5)]
            shut = self.random.choice([SessionsClosed, SessionCancelled])
            return Facts(facts=tuple(Fact(streams.CALENDAR, shut(date=d)) for d in week))
        name, first, last = self.random.choice(TERMS)
        days = (timedelta(days=self.random.randrange(-9, 9)) for _ in range(2))
        event = TermSet(name=name, first=first + next(days), last=last + next(days))
        return Facts(facts=(Fact(streams.CALENDAR, event),))

    def _roll(self, s, pupil):
        again = ledgers.enrolled(pupil, FIRST_DAY, birth_cohort=PUPILS[pupil])
        if pupil in self.away:
            self.away.remove(pupil)
            return Facts(facts=(again,))
        event = self.random.choice([
            PupilRemoved(starts_on=FIRST_DAY, leaves_on=s.date),
            PupilRemoved(starts_on=FIRST_DAY, leaves_on=TODAY),
            EnrolmentWithdrawn(starts_on=FIRST_DAY, survivor="bob", reason="r", **BY),
            again.event,
            DetailsAmended(field="dob", original="a", amended="b", reason="r", **BY,
                           compulsory_from=self.random.choice([s.date, FIRST_DAY]),
                           birth_cohort=self.random.choice([2009, 2012])),
            GroupJoined(kind="registration", name=self.random.choice(["9A", "11B"]), since=s.date,
                        until=s.date + timedelta(days=30)),
        ])  # fmt: skip
        if isinstance(event, EnrolmentWithdrawn):
            self.away.add(pupil)
        return Facts(facts=(Fact(streams.pupil(pupil), event),))

    def _mixed(self, pupil):
        """Several kinds at once, as an import brings them: marks restated, a closure, papers."""
        for s in self.random.sample(self.sessions, 25):
            event = SourceRestated(original="?", code=self.random.choice("OIC"), row=1)
            yield Fact(streams.mark(pupil, str(s)), event)
        yield Fact(streams.CALENDAR, SessionsClosed(date=self.random.choice(self.sessions).date))
        yield self._paper(pupil, sorted(self.random.sample(self.sessions, 9)))
