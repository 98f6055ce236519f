"""Steps with families: each row of ``casework.csv`` that the ledger does not hold yet."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from commands.exchange.portable.rows import CaseworkRow, event_of
from commands.exchange.portable.voices import Details, attributes
from commands.exchange.portable.work import Work
from ledger import names
from ledger.english import number_of
from ledger.events import streams
from ledger.events.casework import CaseworkStepTaken
from ledger.formats.portable import CASEWORK
from policies.law import casework as law

_STEP = ("step", "on", "by", "with_whom", "outcome", "notes")
_WIDTH = 80
_PLACES = 3
"""How many of the rows that say a word are named."""
_OF: Mapping[law.Unknown, str] = {"step": "with a step", "outcome": "with an outcome"}
_COUNTS: Mapping[law.Unknown, str] = {
    "step": "support is, or may be",
    "outcome": "a meeting or visit is support where its outcome is",
}


def record_casework(work: Work) -> None:
    """Record each step that is not held; two equal rows are two steps."""
    held: dict[str, Counter[tuple[object, ...]]] = {}
    unseen, new = sum(map(len, work.school.casework.values())), list[CaseworkRow]()
    for row in work.content.casework.rows:
        pupil = work.pupil(CASEWORK, row.line, row.upn)
        if pupil is None:
            continue
        stream = streams.casework(pupil.id)
        if stream not in held:
            steps = work.school.casework.get(stream, ())
            found = (work.opened(step, _STEP) for step in steps)
            held[stream] = Counter(_said_of(each) for each in found)
        said = _said_of(attributes(row, _STEP))
        if held[stream][said]:
            held[stream][said] -= 1
            unseen -= 1
            continue
        work.record("casework steps", stream, event_of(CaseworkStepTaken, row))
        new.append(row)
    if work.content.whole and work.content.casework.has:
        work.gone["casework steps"] += unseen
    work.notes += _unknown_words(new)


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
