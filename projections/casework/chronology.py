"""What was done with a family, step by step, beside what the register said then and says now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ledger.clock import iso
from ledger.english import number_of
from policies.packs.kinds import RESTRICTED, Kind, kinds
from projections.queries.blocks import Block, Lines, titled
from projections.queries.columns import Column, Listing, share_of
from projections.queries.people import Author, Person, StatedAuthor
from projections.queries.question import Answer, Question, argument, option
from projections.queries.rectangle import rectangle
from projections.queries.tally import Counter, Tally
from projections.queries.versions import at_column, moment
from projections.queries.view import View
from projections.readmodel.records.penalties import CaseworkCorrection, CaseworkStep

_COUNTS = ("possible", "attended", "authorised", "unauthorised", "late", "missing")


class Answered(msgspec.Struct, frozen=True):
    """The rule of a policy that a step answers, and when it was known to be met."""

    rule: str
    known_at: int


class Correction(NamedTuple):
    """Which step a version corrects, by its entry; why, by whom and when."""

    of: int
    reason: str | None
    by: Author
    at: int


class Step(NamedTuple):
    """A step as it was recorded, or as a correction says it; texts opened.

    ``kind``: none where no kind has its words (``words``); ``stands``: whether it is the last
    version; ``due``: the day of the review that is due of it, none where none is; ``then``: what
    the register said up to its day, as known when it was recorded, none where that cannot be
    known; ``now``: the same as known now.
    """

    version: CaseworkStep
    person: Person
    kind: Kind | None
    words: str
    with_whom: str | None
    outcome: str | None
    notes: str | None
    said: Sequence[str]
    by: Author
    authenticated: str
    at: int | None
    stands: bool
    due: date | None
    correction: Correction | None
    answers: Answered | None
    then: Tally | None
    now: Tally

    @property
    def label(self) -> str:
        """What it is called."""
        return self.kind.label if self.kind else self.words


class Chronology(NamedTuple):
    """The steps with each family, in order."""

    steps: Sequence[Step]
    on: date


@dataclass(frozen=True, kw_only=True)
class Casework(Question[Chronology]):
    """attendance casework: what was done with a family, step by step, and what the register said.

    Each step as it stands, with what was corrected; beside it the register up to its day, as known
    when the step was recorded, and as known now. Steps up to --on.
    """

    who: str | None = argument("UPN or local id", metavar="[PUPIL]", required=False)
    open: bool = option("only steps of which a review is still to come or due", default=False)
    reviews_due: bool = option("only steps of which a review is due by --on", default=False)

    def find(self, view: View) -> Chronology:
        """Find the steps of one pupil, or of all."""
        where = {} if self.who is None else {"pupil": view.pupil_index(self.who)}
        found = [each for each in _steps(view, where) if each.version.on_date <= view.on]
        if self.reviews_due:
            found = [each for each in found if each.due and each.due <= view.on]
        elif self.open:
            found = [each for each in found if each.due]
        return Chronology(found, view.on)

    def present(self, found: Chronology) -> Answer:
        """Show one row a version; for reading, each step that stands, told."""
        listing, told = Listing(COLUMNS, found.steps), [s for s in found.steps if s.stands]
        if self.who is None:
            title = f"{number_of(len(told), 'step')} with families"
            return Answer({"rows": listing}, blocks=[Listing(COLUMNS, told).grid(title)])
        blocks: list[Block] = [Lines([*_told(found)])]
        return Answer({"rows": listing}, blocks=blocks, paged=True)

    def unknown(self) -> Answer:
        """Return no step."""
        return Answer({"rows": Listing(COLUMNS, [])})


# -- finding ----------------------------------------------------------------------------------


def _steps(view: View, where: dict[str, int]) -> list[Step]:
    """Return every version of every step that stands, by day and time of day."""
    return sorted(_Finder(view, where).steps(), key=_place)


def _place(step: Step) -> tuple[date, str, int, int]:
    return _in_time(step.version)


def _in_time(version: CaseworkStep) -> tuple[date, str, int, int]:
    return version.on_date, version.at or "", version.sf, version.kf


class _Finder:
    """The steps of a view: those that stand, each with all that was said of it."""

    def __init__(self, view: View, where: dict[str, int]) -> None:
        self._view, self._register = view, _Register(view)
        standing = view.standing(CaseworkStep, **where)
        self._last = {(each.pupil, each.id): each.kf for each in standing}
        self._versions = view.ever(CaseworkStep, **where)
        # The first version of each step is read last, and stays.
        in_order = sorted(self._versions, key=lambda each: -each.kf)
        self._first = {(each.pupil, each.id): each.sf for each in in_order}
        corrected = view.ever(CaseworkCorrection, **where)
        self._corrected = {each.position: each for each in corrected}
        self._due = _reviews(standing)

    def steps(self) -> Iterator[Step]:
        """Yield every version of each step that stands."""
        return (self._step(e) for e in self._versions if (e.pupil, e.id) in self._last)

    def _step(self, version: CaseworkStep) -> Step:
        view, fact = self._view, (version.pupil, version.id)
        words = view.open(version.step) or ""
        timeless = view.is_stated(version.line) and not version.sf
        kind, _ = kinds().find(words)
        notes = view.open(version.notes)
        return Step(
            version,
            view.people[version.pupil],
            kind,
            words,
            view.open(version.with_whom),
            view.open(version.outcome),
            RESTRICTED if notes and kind is not None and kind.restricted else notes,
            (view.open(version.said) or "").splitlines(),
            _taker(view, version),
            view.authenticated(version.line),
            None if timeless else view.done_at(version.kf, version.sf),
            self._last[fact] == version.kf,
            self._due.get(fact),
            self._correction(version),
            msgspec.json.decode(version.answers, type=Answered) if version.answers else None,
            self._register.then(version, self._first[fact]),
            self._register.now(version),
        )

    def _correction(self, version: CaseworkStep) -> Correction | None:
        view, found = self._view, self._corrected.get(version.corrected or 0)
        if found is None:
            return None
        at = view.done_at(version.kf, version.sf)
        return Correction(version.line, view.open(found.reason), view.author(found), at)


def _reviews(standing: Sequence[CaseworkStep]) -> dict[tuple[int, str], date]:
    """Return the day of the review that is due of each step: what the last review says counts."""
    due: dict[tuple[int, str], date | None] = {}
    for each in sorted(
        standing, key=lambda step: (step.on_date, step.at or "", step.sf, step.line)
    ):
        of = (each.pupil, each.reviews or each.id)
        due[of] = None if each.ends else each.next_review
    return {of: day for of, day in due.items() if day is not None}


def _taker(view: View, version: CaseworkStep) -> Author:
    """Return who took a step; of one that a source states, whom that names, by name or id."""
    name = version.by if version.name is None else view.open(version.name)
    kind = StatedAuthor if view.is_stated(version.line) else Author
    return kind(name, view.open(version.job_title))


class _Register:
    """What the register says of one pupil up to a day of the school year, as known when."""

    def __init__(self, view: View) -> None:
        self._view = view

    def now(self, step: CaseworkStep) -> Tally:
        """Count as known to the view."""
        return self._count(replace(self._view.question, on=step.on_date, from_=None), step)

    def then(self, step: CaseworkStep, first: int) -> Tally | None:
        """Count as known when the step was recorded; none of one that came with an import.

        Under the source clock, as known by the times that sources state; ``first``: that of the
        step, whatever was corrected of it since.
        """
        asked = replace(self._view.question, on=step.on_date, from_=None)
        if asked.clock == "source":
            then = replace(asked, known_at=iso(first), position=None)
            return self._count(then, step) if first else None
        if self._view.is_stated(step.line):
            return None
        return self._count(replace(asked, known_at=None, position=step.line), step)

    def _count(self, asked: Any, step: CaseworkStep) -> Tally:  # noqa: ANN401 - a question
        view = self._view.at(asked)
        whole = rectangle(view)
        if step.pupil >= len(whole.codes):
            return Tally()
        counter, row = Counter(whole, view.rules.codes), slice(step.pupil, step.pupil + 1)
        counts, undated = counter.by_pupil(np.ones((1, len(whole.sessions)), np.bool_), row)
        return counter.tallies(counts, undated)[0]


# -- showing ----------------------------------------------------------------------------------


def _counts(tally: Tally | None) -> dict[str, int] | None:
    return None if tally is None else {name: getattr(tally, name) for name in _COUNTS}


def _person(by: Author) -> dict[str, Any]:
    return by._asdict()


def _by_name(step: Step) -> str | None:
    return step.by.name


def _sessions(step: Step) -> Sequence[str]:
    return step.version.sessions


def _corrector_name(step: Step) -> str | None:
    return step.correction and step.correction.by.name


def _trigger(step: Step) -> dict[str, str] | None:
    found = step.answers
    return None if found is None else {"rule": found.rule, "known_at": iso(found.known_at)}


def _corrector(step: Step) -> dict[str, Any] | None:
    return None if step.correction is None else _person(step.correction.by)


COLUMNS: tuple[Column[Step], ...] = (
    Column("upn", value=lambda step: step.person.upn),
    Column("", "Pupil", text=lambda step: step.person.name),
    Column("on", "Day", lambda step: step.version.on_date),
    Column("at", "Time", lambda step: step.version.at),
    at_column("recorded_at", "", lambda step: step.at),
    Column("kind", value=lambda step: step.kind.name if step.kind else step.words),
    Column("", "Step", text=lambda step: step.label),
    Column("by", "By", lambda step: _person(step.by), lambda step: step.by.words, csv=_by_name),
    Column("with", "With", lambda step: step.with_whom, free=True),
    Column("parent", value=lambda step: step.version.parent),
    Column("outcome", "Outcome"),
    Column("notes"),
    Column("said", csv=lambda step: "; ".join(step.said)),
    Column("from", value=lambda step: step.version.first),
    Column("to", value=lambda step: step.version.last),
    Column("sessions", value=_sessions, csv=lambda step: "; ".join(_sessions(step))),
    Column("next_review", "Review", lambda step: step.version.next_review),
    Column("review_due", value=lambda step: step.due),
    Column("answers", value=_trigger, csv=lambda step: step.answers and step.answers.rule),
    Column("register_then", value=lambda step: _counts(step.then), csv=False),
    Column("register_now", value=lambda step: _counts(step.now), csv=False),
    Column("corrects", value=lambda step: step.correction and step.correction.of),
    Column("reason", value=lambda step: step.correction and step.correction.reason),
    Column("corrected_by", value=_corrector, csv=_corrector_name),
    Column("authenticated"),
    Column("stands"),
    Column("position", "Entry", lambda step: step.version.line, number=True),
)
"""``position``: of the step; of a correction too, whose own is that of the version."""


def _told(found: Chronology) -> Iterator[str]:
    standing = [step for step in found.steps if step.stands]
    if not standing:
        yield f"no step with the family is on record up to {found.on}"
        return
    person = standing[0].person
    yield f"{person.name} ({person.upn}): {number_of(len(standing), 'step')} with the family"
    for step in standing:
        yield ""
        of = (step.version.pupil, step.version.id)
        versions = [s for s in found.steps if (s.version.pupil, s.version.id) == of]
        yield from _one(sorted(versions, key=lambda each: each.version.kf))


def _one(versions: Sequence[Step]) -> Iterator[str]:
    """Tell a step as its last version says it, then what each before it said otherwise."""
    *_, step = versions
    version = step.version
    at = f" {version.at}" if version.at else ""
    outcome = f": {step.outcome}" if step.outcome else ""
    yield f"{version.on_date}{at}  {step.label}{outcome}  (entry {version.line})"
    for heading, text in _details(step, versions[0]):
        yield from titled(heading, text)
    for earlier, later in pairwise(versions):
        assert later.correction is not None  # noqa: S101 - each version after the first is one
        yield from titled("Corrected", _corrected(earlier, later, later.correction))


def _corrected(earlier: Step, later: Step, made: Correction) -> str:
    before, after = _said_of(earlier), _said_of(later)
    said = [f"{name} {text or 'none'}" for name, text in before.items() if text != after[name]]
    when, who = moment(made.at), made.by.words
    return f"{when}, by {who}: {made.reason}; it said: {'; '.join(said)}"


def _said_of(step: Step) -> dict[str, str]:
    """Return what a version says, field by field, in words."""
    version = step.version
    texts: dict[str, object] = {
        "day": version.on_date,
        "time": version.at,
        "step": step.label,
        "with": step.with_whom,
        "parent": version.parent,
        "outcome": step.outcome,
        "notes": step.notes,
        "said": ", ".join(step.said),
        "first day": version.first,
        "last day": version.last,
        "sessions": ", ".join(version.sessions),
        "next review": version.next_review,
        "answers": step.answers and step.answers.rule,
    }
    return {name: "" if text is None else str(text) for name, text in texts.items()}


def _details(step: Step, first: Step) -> Iterator[tuple[str, str]]:
    version = step.version
    if step.with_whom or version.parent:
        yield "With", ", ".join(filter(None, (step.with_whom, version.parent)))
    if version.first or version.last:
        yield "Holds", f"{version.first} to {version.last}"
    if version.sessions:
        yield "Sessions", ", ".join(version.sessions)
    yield from (("Said", each) for each in step.said)
    if step.notes:
        yield "Notes", step.notes
    if step.due:
        yield "Review", f"due {step.due}"
    if step.answers:
        yield "Answers", f"{step.answers.rule}, as known {moment(step.answers.known_at)}"
    when = moment(first.at) or "no time stated"
    who = Author(first.by.name, first.by.job_title).words
    yield "Recorded", f"{when}, by {who} ({first.authenticated})"
    yield "Register", _register(step)


def _register(step: Step) -> str:
    now = _in_words(step.now)
    if step.then is None or step.then == step.now:
        return f"up to that day: {now}"
    return f"up to that day, as known then: {_in_words(step.then)}; as known now: {now}"


def _in_words(tally: Tally) -> str:
    if not tally.possible:
        return "no session counted"
    return (
        f"attended {share_of(tally.attended, tally.possible)}, "
        f"{number_of(tally.unauthorised, 'session')} unauthorised"
    )
