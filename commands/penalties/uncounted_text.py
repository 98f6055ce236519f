"""What a change does to the marks that stand: as an event, and in words, figures first."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from textwrap import wrap

from commands.core.command import Author
from commands.core.told import figure_of, figures_in_words
from commands.penalties.places import Effect, Marks
from ledger.english import number_of
from ledger.events import streams
from ledger.events.register import MarksUncounted
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law.penalties import Measure
from policies.packs.codes import Codes

_WIDTH = 80
_SHOWN = 5
"""Of how many pupils it is told in words; all of them are recorded."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a change does to the marks of one pupil; peaks: 0 where the threshold counts none.

    ``papers``: whose case it takes below the threshold; ``group``: the registration group after
    it, for which sessions without a mark were held; ``merged``: whether the record is withdrawn
    in favour of another one, so that its command tells the figures.
    """

    pupil_id: str
    name: str
    effect: Effect
    peak_before: int = 0
    peak_after: int = 0
    papers: Sequence[str] = ()
    group: str = ""
    merged: bool = False

    def falls(self, sessions: int) -> bool:
        """Tell whether the change takes the pupil below so many sessions."""
        return self.peak_after < sessions <= self.peak_before

    def fact(self, lost: Marks, reason: str, author: Author | None) -> Fact:
        """Return the event that says which marks stopped counting."""
        of_age = self.effect.of_age
        event = MarksUncounted(
            sessions=tuple(f"{s} {code}" for s, code in lost.items() if s not in of_age),
            of_age=tuple(f"{s} {code}" for s, code in lost.items() if s in of_age),
            peak_before=self.peak_before,
            peak_after=self.peak_after,
            reason=reason,
            by=author and author.staff_id,
            name=author and author.name,
            job_title=author and author.job_title,
        )
        return Fact(streams.uncounted(self.pupil_id), event)


@dataclass(frozen=True)
class Telling:
    """What a change does to the marks of some pupils, in words.

    ``stated``: whether a source states it, and no command that tells of its own amendments.
    """

    told: Sequence[Told]
    codes: Codes
    measure: Measure | None
    stated: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is anything to tell, or to give a reason for."""
        tellable = (
            each.effect.gained or each.effect.unheld or each.effect.unmarked for each in self.told
        )
        return bool(self.lost or self.cancelled or self.fallen) or any(tellable)

    @property
    def needs_reason(self) -> bool:
        """Whether marks that stand stop counting, or give way to a cancelled session's entry."""
        return bool(self.lost or self.cancelled)

    @cached_property
    def lost(self) -> list[Told]:
        """The pupils of whom marks stop counting, those taken below the threshold first."""
        return self._worst_first(each for each in self.told if each.effect.lost)

    @cached_property
    def cancelled(self) -> list[Told]:
        """The pupils of whom marks give way to the entry of a cancelled session."""
        return self._worst_first(each for each in self.told if each.effect.cancelled)

    @cached_property
    def fallen(self) -> list[Told]:
        """The pupils who are taken below the threshold."""
        return self._worst_first(each for each in self.told if self._falls(each))

    def facts(self, reason: str, author: Author | None) -> Iterator[Fact]:
        """Yield what somebody has to look at: marks that stop counting, a case that is cancelled.

        A mark that gives way to the entry of a cancelled session is amended, as is seen by all;
        it is one of these where a case goes with it.
        """
        for each in self.told:
            cancelled = each.effect.cancelled if self._falls(each) else {}
            if each.effect.lost or cancelled:
                yield each.fact(each.effect.lost | cancelled, reason, author)

    def says(self, *, would: bool) -> Iterator[str]:
        """Yield it: what stops counting, what begins to, what has to be looked at."""
        gained = self._worst_first(each for each in self.told if each.effect.gained)
        yield from self._part(self.lost, lambda e: e.lost, "stop", -1, would=would)
        if self.stated:
            yield from self._given_way(would=would)
        yield from self._part(gained, lambda e: e.gained, "begin", 1, would=would)
        named = [*self.lost[:_SHOWN], *gained[:_SHOWN]]
        yield from self._below([each for each in self.fallen if each not in named], would=would)
        for each in islice((each for each in self.told if each.effect.unheld), _SHOWN):
            yield from _unheld(each)
        yield from _unmarked([each for each in self.told if each.effect.unmarked])

    def _falls(self, told: Told) -> bool:
        return self.measure is not None and told.falls(self.measure.sessions)

    def _worst_first(self, told: Iterable[Told]) -> list[Told]:
        def rank(each: Told) -> tuple[bool, int, int]:
            drop = each.peak_before - each.peak_after
            return not self._falls(each), -abs(drop), -len(each.effect.lost)

        return sorted(told, key=rank)

    def _part(
        self,
        told: Sequence[Told],
        of: Callable[[Effect], Marks],
        verb: str,
        sign: int,
        *,
        would: bool,
    ) -> Iterator[str]:
        if not told:
            return
        every = [(s, code) for each in told for s, code in of(each.effect).items()]
        marks, pupils = number_of(len(every), "mark"), number_of(len(told), "pupil")
        verbs = f"would {verb}" if would else f"{verb}s" if len(every) == 1 else verb
        yield f"{marks} of {pupils} {verbs} counting"
        for each in told[:_SHOWN]:
            yield from self._of_pupil(each, of(each.effect), would=would)
        if len(told) > _SHOWN:
            yield f"  and {number_of(len(told) - _SHOWN, 'more pupil')}"
        moves = Counter(
            figure_of(self.codes, code, s)
            for each in told
            if not each.merged
            for s, code in of(each.effect).items()
            if s not in each.effect.of_age
        )
        if moves:
            moved = {figure: sign * count for figure, count in moves.items()}
            yield f"the figures: {figures_in_words(moved)}"

    def _given_way(self, *, would: bool) -> Iterator[str]:
        every = [session for each in self.cancelled for session in each.effect.cancelled]
        if not every:
            return
        marks, pupils = number_of(len(every), "mark"), number_of(len(self.cancelled), "pupil")
        verb = "would give way" if would else "gave way"
        yield f"{marks} of {pupils} {verb} to the entry of a cancelled session"
        for each in self.cancelled[:_SHOWN]:
            yield from _of_marks(each, each.effect.cancelled)
        if len(self.cancelled) > _SHOWN:
            yield f"  and {number_of(len(self.cancelled) - _SHOWN, 'more pupil')}"

    def _below(self, told: Sequence[Told], *, would: bool) -> Iterator[str]:
        """Yield whom the change takes below the threshold: all of them, by name."""
        if not told:
            return
        pupils = number_of(len(told), "pupil")
        verb = "would be" if would else "is" if len(told) == 1 else "are"
        yield f"{pupils} {verb} taken below the threshold of a penalty notice"
        for each in told:
            yield f"  {each.name}"
            yield from self._threshold(each, would=would)

    def _of_pupil(self, told: Told, marks: Marks, *, would: bool) -> Iterator[str]:
        yield from _of_marks(told, marks)
        if marks.keys() <= told.effect.of_age:
            yield "    only the penalty threshold, for the pupil's age; rates count them"
        yield from self._threshold(told, would=would)

    def _threshold(self, told: Told, *, would: bool) -> Iterator[str]:
        """Yield the fullest window before and after, and what rests on one that falls."""
        measure = self.measure
        if measure is None or (told.peak_before, told.peak_after) == (0, 0):
            return
        peaks = f"{told.peak_before} -> {told.peak_after} recorded sessions"
        yield f"    the fullest {measure.weeks} school weeks: {peaks}"
        if told.falls(measure.sessions):
            now = "would not be" if would else "is no longer"
            yield f"    the threshold of {measure.sessions} was met, and {now}"
            for paper in told.papers:
                yield from _wrapped(f"    rests on it: {paper}")
            if not told.papers:
                yield "    no notice or decision on record rests on it"
        elif told.peak_before < measure.sessions <= told.peak_after:
            now = "would be" if would else "is now"
            yield f"    the threshold of {measure.sessions} was not met, and {now}"


def _of_marks(told: Told, marks: Marks) -> list[str]:
    return _wrapped(f"  {told.name}: {_in_words(marks)}")


def _wrapped(line: str) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False)


def _in_words(marks: Marks) -> str:
    """Say how many marks of which code, from the first session to the last."""
    by_code: dict[str, list[Session]] = {}
    for session, code in sorted(marks.items()):
        by_code.setdefault(code, []).append(session)
    return "; ".join(f"{len(found)} {code}, {_from_to(found)}" for code, found in by_code.items())


def _unheld(told: Told) -> Iterator[str]:
    found = told.effect.unheld
    one = len(found) == 1
    says, of = ("entry says", "a session") if one else ("entries say", "sessions")
    were = "was" if one else "were"
    yield f"{told.name}: {len(found)} {says} cancelled, of {of} that {were} held for the group"
    yield f"  {_from_to(found)}: amend what was not so"


def _unmarked(told: Sequence[Told]) -> Iterator[str]:
    for each in told[:_SHOWN]:
        found = each.effect.unmarked
        were, have = ("was", "has") if len(found) == 1 else ("were", "have")
        group = f" for {each.group}" if each.group else ""
        held = f"{number_of(len(found), 'session')} {were} held{group} and {have} no mark"
        yield f"{each.name}: {held}: {_from_to(found)} (attendance mark)"
    if len(told) > _SHOWN:
        yield f"  and {number_of(len(told) - _SHOWN, 'more pupil')} without a mark"


def _from_to(found: Sequence[Session]) -> str:
    return f"{found[0]} to {found[-1]}" if len(found) > 1 else str(found[0])
