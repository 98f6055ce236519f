"""Steps with families: each row of ``casework.csv`` that the ledger does not hold yet."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from commands.core import authority
from commands.exchange.portable.rows import CaseworkRow, event_of
from commands.exchange.portable.voices import Details, attributes
from commands.exchange.portable.work import Work
from ledger import names
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.casework import CaseworkStep, CaseworkStepCorrected, CaseworkStepTaken
from ledger.formats import fields
from ledger.formats.portable import CASEWORK
from policies.law import casework as law
from policies.packs.kinds import kinds

_STEP = (
    "step", "on", "by", "with_whom", "outcome", "notes", "at", "parent", "said", "next_review",
    "first", "last", "sessions", "reviews", "ends",
)  # fmt: skip
_CORRECTION = (*_STEP, "of", "reason")
_WIDTH = 80
_PLACES = 3
"""How many of the rows that say a word are named."""
_OF: Mapping[law.Unknown, str] = {"step": "with a step", "outcome": "with an outcome"}
_COUNTS: Mapping[law.Unknown, str] = {
    "step": "support is, or may be",
    "outcome": "a meeting or visit is support where its outcome is",
}


def record_casework(work: Work) -> None:
    """Record each step that is not held; two equal rows are two steps. Corrections come last."""
    held: dict[str, _Held] = {}
    unseen, new = sum(map(len, work.school.casework.values())), list[CaseworkRow]()
    for row in sorted(work.content.casework.rows, key=_turn):
        pupil = work.pupil(CASEWORK, row.line, row.upn)
        if pupil is None:
            continue
        stream = streams.casework(pupil.id)
        steps = held.get(stream)
        if steps is None:
            steps = held[stream] = _Held(work, stream)
        if steps.has(row):
            unseen -= 1
        elif work.check(CASEWORK, row.line, _faults(work, steps, row)):
            steps.ids.add(row.id)
            what = "casework steps" if row.of is None else "corrections of casework steps"
            work.record(what, stream, _event(work, row))
            new.append(row)
    if work.content.whole and work.content.casework.has:
        work.gone["casework steps"] += unseen
    work.notes += _unknown_words(new)


def _turn(row: CaseworkRow) -> tuple[bool, bool]:
    """Return when a row is read: after those that it may speak of."""
    return row.of is not None, row.reviews is not None


class _Held:
    """The steps of a pupil that the ledger holds, by what they say, and the ids of those known."""

    def __init__(self, work: Work, stream: str) -> None:
        steps = work.school.casework.get(stream, ())
        self._said = Counter(_said_of(work.opened(each, _names(each))) for each in steps)
        self.ids = {each.id for each in steps if isinstance(each, CaseworkStepTaken)}

    def has(self, row: CaseworkRow) -> bool:
        """Tell whether a row says what a step does, and let that be said of no other row."""
        said = _said_of(attributes(row, _STEP if row.of is None else _CORRECTION))
        if not self._said[said]:
            return False
        self._said[said] -= 1
        return True


def _names(step: CaseworkStep) -> tuple[str, ...]:
    return _CORRECTION if isinstance(step, CaseworkStepCorrected) else _STEP


def _faults(work: Work, held: _Held, row: CaseworkRow) -> Iterator[Refused | None]:
    """Yield what keeps a new row from being recorded, by whoever is named for the import."""
    kind, _ = kinds().find(row.step)
    anybody = not work.is_named or authority.is_empty(work.state, work.today)
    if not anybody and kind is not None and "staff" not in kind.may:
        what = f"record a step {kind.name}"
        yield authority.lacking_roles(work.state, kind.may, work.now, what)
    yield fields.future_day(row.on, work.today, "on")
    yield fields.future_instant(row.stated, work.now, "recorded_on")
    if row.parent is not None:
        work.knows_parent(CASEWORK, row.line, row.parent)
    for named in (row.of, row.reviews):
        if named is not None and named not in held.ids:
            remedy = "give the row of that step too, with its id"
            yield Refused("step-unknown", f"no step of the pupil has the id {named!r}", remedy)
    if row.of is None:
        return
    for column in ("reason", "by", "name", "job_title"):
        if getattr(row, column) is None:
            yield fields.empty(column, "a correction says why it was made, and who made it")


def _event(work: Work, row: CaseworkRow) -> CaseworkStep:
    if row.of is not None:
        return event_of(CaseworkStepCorrected, row, answers=row.trigger)
    return event_of(CaseworkStepTaken, row, answers=row.trigger, id=row.id or work.state.new_id())


def _said_of(step: Details) -> tuple[object, ...]:
    """Return what a step says, whatever the form and blanks of its texts."""
    return tuple(names.tidy(each) if isinstance(each, str) else each for each in step.values())


def _unknown_words(new: Sequence[CaseworkRow]) -> Iterator[str]:
    """Tell the words of steps that no kind knows, and those that count."""
    found: dict[law.Unknown, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in new:
        unknown = law.unknown(row.step, row.outcome, row.on)
        if unknown is not None:
            found[unknown][row.step if unknown == "step" else row.outcome or ""].append(row.line)
    for unknown, words in found.items():
        yield from _told(unknown, words, law.words_that_count(unknown))


def _told(
    unknown: law.Unknown, words: Mapping[str, Sequence[int]], counting: Sequence[str]
) -> Iterator[str]:
    count = number_of(sum(map(len, words.values())), "row")
    yield f"{CASEWORK}: {count} {_OF[unknown]} that no kind knows; kept, and no support:"
    for word, lines in words.items():
        more = ", \u2026" if len(lines) > _PLACES else ""
        places = ", ".join(map(str, lines[:_PLACES]))
        yield f'  "{word}" (line {places}{more})'
    listed = f"{_COUNTS[unknown]}: {', '.join(counting)} (attendance casework kinds)"
    yield from wrap(
        listed, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )
