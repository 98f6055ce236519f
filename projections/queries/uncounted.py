"""Why a mark that stands does not count, since when, and by which event: the one answer to it.

A mark counts on a session that the school met, by a pupil on roll that day. Toward the threshold
of a penalty notice it counts only of compulsory school age besides (SI 2007/1867 reg 9A with EA
1996 s.444(1)); rates and histories know no age.

One reason is enough, and each stands since an event of its own. The one told is the one that came
first of those that stand: it made the mark not count, whatever was recorded after it changed
nothing. A reason that ended and came back came with the event that brought it back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from ledger.english import day as day_in_words
from ledger.state.calendar import Calendar, Closure
from ledger.values import Session, parse_session
from policies.law.age import is_compulsory
from projections.queries.view import View
from projections.readmodel.accessors.marks import standing_marks
from projections.readmodel.record import V
from projections.readmodel.records import school as school_records
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Term
from projections.readmodel.tables import ALWAYS

Said = TypeVar("Said")
ROLL, TERM, CLOSED, CANCELLED, AGE = (
    "not-on-roll", "outside-term", "closed", "cancelled", "not-of-age",
)  # fmt: skip
NO_MORE = {
    ROLL: "the pupil is recorded as on roll that day",
    TERM: "the day is recorded as inside term",
    CLOSED: "the session is no longer recorded as closed for the pupil",
    CANCELLED: "the session is no longer recorded as cancelled for the pupil",
    AGE: "the pupil is recorded as of compulsory school age that day",
}
"""What is so where a bar of that kind is no more."""


class Bar(NamedTuple):
    """What keeps a mark from counting.

    ``kind`` and ``words`` say what is recorded; ``position``: of the event since which it keeps
    the mark from counting, none where nothing recorded ever let it count.
    """

    kind: str
    words: str
    position: int | None = None


@dataclass
class Standing:
    """One pupil's register at a point in time: what stands, and what keeps it from counting.

    ``threshold``: whether the count is toward a penalty notice, for which age is a bar too.
    """

    view: View
    pupil: int
    threshold: bool = field(kw_only=True)

    @classmethod
    def at(cls, view: View, pupil: int, position: int) -> "Standing":
        """Return the threshold's register as the log had it, whatever time sources state."""
        return cls(replace(view, position=position, stated=ALWAYS), pupil, threshold=True)

    def code(self, session: str) -> str | None:
        """Return the code that stands, none where no mark was made."""
        return next((m.code for m in standing_marks(self.view, self.pupil, session)), None)

    def bar(self, session: str, code: str | None = None) -> Bar | None:
        """Return what keeps the mark of a session from counting, none where nothing does.

        ``code``: the mark's own, where that of a cancelled session counts as what it is.
        """
        at = parse_session(session)
        if at in self._closures:
            return self._bar(self._facts(at, code))
        # What was never closed depends on the day alone: both halves are alike.
        if at.date not in self._bars_of_days:
            self._bars_of_days[at.date] = self._bar(self._facts(at, None))
        return self._bars_of_days[at.date]

    def _bar(self, facts: "_Facts") -> Bar | None:
        now = facts.reasons(self.view.position)
        if not now:
            return None
        since = {fact: facts.since(fact) for fact in now}
        # What never was otherwise comes first. Of equals, the order of `reasons` decides.
        fact = min(now, key=lambda each: since[each] or 0)
        position, words = since[fact], now[fact].words
        if position is not None:
            first = facts.reasons(position)[fact].words
            # The event is named with its own words, not with what another one made of them.
            if first != words:
                words += f"; at first: {first}"
            if fact == AGE:
                words += ", by a corrected birth date"
        return Bar(now[fact].kind, words, position)

    def last_bar(self, session: str) -> Bar:
        """Return what kept a session that counts from it last; ``position``: what ended that."""
        facts = self._facts(parse_session(session), None)
        kind, turn = next(
            (reason.kind, turn)
            for turn in facts.turns
            for reason in facts.reasons(turn - 1).values()
        )
        return Bar(kind, NO_MORE[kind], turn)

    # -- what was recorded ----------------------------------------------------------------------

    def _facts(self, at: Session, code: str | None) -> "_Facts":
        day, closures = at.date, self._closures.get(at, [])
        return _Facts(
            at,
            # Codes and groups are asked of the few sessions that were ever closed only.
            counted_cancelled=bool(closures)
            and code is not None
            and code == self.view.rules.codes.cancelled(day),
            spells=self._spells,
            terms=[v for v in self._terms if v.said.first <= day <= v.said.last],
            groups=[v for v in self._groups if closures and v.said.covers(day)],
            closures=closures,
            ages=self._ages,
            open_text=self.view.ring.open,
        )

    @cached_property
    def _bars_of_days(self) -> dict[date, Bar | None]:
        return {}

    @cached_property
    def _closures(self) -> dict[Session, list["_Version[Closure]"]]:
        """Every closure known, by session: read once, since a pupil has 380 sessions a year."""
        found: dict[Session, list[_Version[Closure]]] = {}
        for version in self._versions(school_records.Closure):
            session = Session(version.said.date, version.said.half)
            closure = _Version(version.since, version.until, version.said.law)
            found.setdefault(session, []).append(closure)
        return found

    @cached_property
    def _spells(self) -> list["_Version[Spell]"]:
        return self._versions(Spell, pupil=self.pupil)

    @cached_property
    def _terms(self) -> list["_Version[Term]"]:
        return self._versions(Term)

    @cached_property
    def _groups(self) -> list["_Version[Membership]"]:
        return self._versions(Membership, pupil=self.pupil)

    @cached_property
    def _ages(self) -> list["_Version[Details]"]:
        """What was recorded of the pupil's birth, oldest first; none where age is no bar.

        Before the first was known that one counts, as it does wherever pupils are named.
        """
        if not self.threshold:
            return []
        known = self._versions(Details, pupil=self.pupil)
        return known or [_Version(0, None, self.view.first_version(Details, pupil=self.pupil))]

    def _versions(self, record: type[V], **where: Any) -> list["_Version[V]"]:  # noqa: ANN401
        """Return every version known, with the entries between which it stood.

        What ended a version is known only where its stated time is known as well: under the
        source clock an end stated later than the time asked about has not come about, and the
        version stands. So with what began it (both as in ``readmodel.tables.STANDS``). The
        entries of the log stay the order of events: a source's own times may be equal or missing.
        """
        found = sorted(self.view.ever(record, **where), key=lambda version: version.kf)
        return [_Version(each.kf, self.view.end_of(each), each) for each in found]


class _Version(NamedTuple, Generic[Said]):
    """What one version of a fact says, and from which entry until which one it stood."""

    since: int
    until: int | None
    said: Said

    def stands_at(self, position: int) -> bool:
        return self.since <= position and (self.until is None or position < self.until)


_Fact = str | frozenset[str]
"""What keeps a mark from counting: a kind, or a closure, which is known by its groups.

A closure restated in other words, or as a cancellation, is the same one: nothing counted between.
"""


@dataclass
class _Facts:
    """All that was ever recorded about whether one pupil's mark of a session counts.

    ``counted_cancelled``: whether the mark is what a cancellation gave, and counts as that.
    """

    session: Session
    counted_cancelled: bool
    spells: list[_Version[Spell]]
    terms: list[_Version[Term]]
    groups: list[_Version[Membership]]
    closures: list[_Version[Closure]]
    ages: list[_Version[Details]]
    open_text: Callable[[str], str]

    @cached_property
    def turns(self) -> list[int]:
        """The entries with which one of these facts began or ended, the newest first."""
        found = (self.spells, self.terms, self.groups, self.closures, self.ages)
        versions = [version for versions in found for version in versions]
        return sorted({p for v in versions for p in v[:2] if p}, reverse=True)

    def since(self, fact: _Fact) -> int | None:
        """Return the event since which a reason that stands has stood without a break."""
        return next((turn for turn in self.turns if fact not in self.reasons(turn - 1)), None)

    def reasons(self, position: int) -> dict[_Fact, Bar]:
        """Return why the mark did not count as the log stood, what weighs most in law first.

        Without a pupil on roll no entry is due at all, without a term no session (SI 2024/208 reg
        10(1)); a cancelled session has an entry of its own for everyone (reg 10(10)).
        """
        return dict(self._reasons(position))

    def _reasons(self, position: int) -> Iterator[tuple[_Fact, Bar]]:
        day = self.session.date
        spells = [v.said for v in self.spells if v.stands_at(position)]
        if not any(spell.covers(day) for spell in spells):
            yield ROLL, Bar(ROLL, _off_roll(day, spells))
        terms = [v.said.law for v in self.terms if v.stands_at(position)]
        if not Calendar(terms).in_term(day):
            yield TERM, Bar(TERM, "the day is recorded as outside term")
        closed = self._closed(position) if self.closures else []
        if not (self.counted_cancelled and any(c.cancelled for c in closed)):
            for closure in closed:
                yield closure.groups, self._closure(closure)
        if not self._of_age(position):
            words = "the pupil is recorded as not of compulsory school age that day"
            yield AGE, Bar(AGE, words)

    def _closed(self, position: int) -> list[Closure]:
        """Return the closures that concern the pupil, cancellations first, then by group."""
        standing = [v.said for v in self.closures if v.stands_at(position)]
        groups = {v.said.name for v in self.groups if v.stands_at(position)}
        concerned = [closure for closure in standing if closure.concerns(groups)]
        return sorted(concerned, key=lambda c: (not c.cancelled, sorted(c.groups)))

    def _closure(self, closure: Closure) -> Bar:
        kind, words = CLOSED, "the school is recorded as closed that day"
        if closure.cancelled:
            kind, words = CANCELLED, "the session is recorded as cancelled"
        words += f" for {', '.join(sorted(closure.groups))}" if closure.groups else ""
        words += f" ({self.open_text(closure.reason)})" if closure.reason else ""
        return Bar(kind, words)

    def _of_age(self, position: int) -> bool:
        if not self.ages:
            return True
        known = [v for v in self.ages if v.stands_at(position)] or self.ages[:1]
        born = known[0].said
        return is_compulsory(self.session.date, born.compulsory_from, born.birth_cohort)


def _off_roll(day: date, spells: list[Spell]) -> str:
    """Say that a pupil is not on roll, with the last day on roll before, if there is one."""
    words = "the pupil is recorded as not on roll that day"
    left = [each.leaves_on for each in spells if each.leaves_on and each.leaves_on < day]
    return f"{words} (last day on roll: {day_in_words(max(left))})" if left else words
