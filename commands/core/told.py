"""Facts about marks and plans as they are told to whoever asked for them.

Each by pupil, session and codes; counted by codes; and what they move in the figures.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Literal, NamedTuple

from commands.core.command import State
from commands.core.places import place
from ledger.english import number_of
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.base import Event
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    SessionMarked,
    SourceRestated,
)
from ledger.store.facts import Fact
from ledger.values import Session, parse_session
from policies.packs.codes import Codes

Kind = Literal["amended", "corrected", "held", "entered", "late", "planned", "plan", "withdrawn"]
_COUNTED: dict[Kind, str] = {
    "amended": "amended",
    "corrected": "corrected during taking",
    "held": "held for a second person's approval",
    "entered": "entered",
    "late": "entered late",
    "planned": "planned",
    "plan": "planned otherwise",
    "withdrawn": "no longer planned",
}
"""What is said of a number of them, in this order."""
_ONE: dict[Kind, str] = {
    "amended": "amendment",
    "corrected": "corrected during taking",
    "held": "held for approval",
    "entered": "entry",
    "late": "late entry",
    "planned": "planned",
    "plan": "plan changed",
    "withdrawn": "plan withdrawn",
}
_KINDS: dict[type[Event], Kind] = {
    MarkAmended: "amended",
    SourceRestated: "amended",
    MarkCorrected: "corrected",
    AmendmentRequested: "held",
    SessionMarked: "entered",
    AbsencePlanned: "planned",
    PlanChanged: "plan",
    PlanWithdrawn: "withdrawn",
}
_FIGURES = ("attended", "authorised absence", "unauthorised absence", "not counted", "no mark")
_NO_MARK = "no mark"
_AT_ONCE: tuple[Kind, ...] = ("amended", "corrected", "entered", "late")

_WIDTH = 78
MOST_NAMED = 20
"""So many are named one by one; of more it is said how many there are."""


class Told(NamedTuple):
    """A change of one mark or plan; a code of none: no mark, or nothing planned."""

    kind: Kind
    pupil_id: str
    session: Session
    was: str | None
    becomes: str | None


def told(facts: Iterable[Fact]) -> list[Told]:
    """Return the changes of marks and plans among facts; what else they are is left out."""
    return list(_told(facts))


def _told(facts: Iterable[Fact]) -> Iterator[Told]:
    for stream, event in facts:
        kind = _KINDS.get(type(event))
        if kind is not None:
            _, pupil_id, session = streams.parts(stream)
            kind = "late" if getattr(event, "late", False) else kind
            was, becomes = (getattr(event, name, None) for name in ("original", "code"))
            yield Told(kind, pupil_id, parse_session(session), was, becomes)


def one_by_one(state: State, changes: Iterable[Told], names: dict[str, str]) -> list[str]:
    """Return a line for each, by session and pupil; ``names``: of pupils not on roll yet."""
    pupils = state.school.pupils
    lines = []
    for each in changes:
        name = names.get(each.pupil_id) or state.name_of(pupils[each.pupil_id])
        names[each.pupil_id] = name
        codes = f"{each.was or _NO_MARK} -> {each.becomes}"
        if each.kind in ("planned", "withdrawn"):
            codes = each.becomes or each.was or ""
        lines.append((each.session, name, f"{name} {each.session}: {codes} ({_ONE[each.kind]})"))
    return [line for *_, line in sorted(lines)]


def counted(changes: Sequence[Told]) -> str:
    """Count changes by codes: ``60 amended: 55 of /, 3 of L, 2 of O to Y4; 2 entered: 2 Y4``."""
    by_kind: dict[Kind, list[Told]] = {kind: [] for kind in _COUNTED}
    for each in changes:
        by_kind[each.kind].append(each)
    return "; ".join(
        f"{len(found)} {_COUNTED[kind]}: {_codes(found)}"
        for kind, found in by_kind.items()
        if found
    )


def _codes(found: Sequence[Told]) -> str:
    pairs = Counter((each.was, each.becomes) for each in found).most_common()
    pairs.sort(key=lambda pair: (-pair[1], pair[0][0] or "", pair[0][1] or ""))
    whole = {becomes for (was, becomes), _ in pairs if was is not None}
    if len(whole) == 1 and None not in whole:
        return f"{', '.join(f'{n} of {was}' for (was, _), n in pairs)} to {whole.pop()}"
    return ", ".join(
        f"{n} of {was} to {becomes}" if was and becomes else f"{n} {was or becomes}"
        for (was, becomes), n in pairs
    )


def figures(state: State, codes: Codes, changes: Iterable[Told]) -> str:
    """Say what changes of marks move in the figures: ``attended -2, authorised absence +2``.

    Nobody had "no mark" in a session that was not to be held for them, and a mark that counted
    nowhere is in no figure.
    """
    moves, calendar, pupils = Counter[str](), state.calendar(), state.school.pupils
    for each in changes:
        pupil, session, was = pupils.get(each.pupil_id), each.session, each.was
        if pupil is not None and place(calendar, pupil, session).counts(session, was, codes):
            moves[figure_of(codes, was, session)] -= 1
        moves[figure_of(codes, each.becomes, session)] += 1
    return figures_in_words(moves)


def figures_in_words(moves: Mapping[str, int]) -> str:
    """Say by how much each figure moves: ``authorised absence +1, unauthorised absence -1``."""
    texts = [f"{figure} {moves[figure]:+d}" for figure in _FIGURES if moves.get(figure)]
    return ", ".join(texts) or "nothing moves"


def figure_of(codes: Codes, code: str | None, session: Session) -> str:
    """Return which figure a mark with a code is part of; a code of none: no mark."""
    if code is None:
        return _NO_MARK
    rule = codes.find(code, session.date)
    if rule is None or not rule.possible:
        return "not counted"
    if rule.attended:
        return "attended"
    return "unauthorised absence" if rule.unauthorised else "authorised absence"


def summary(state: State, codes: Codes, changes: Sequence[Told]) -> list[str]:
    """Return what changes come to: how many of which codes, and the figures."""
    lines = wrap(counted(changes), _WIDTH, subsequent_indent="  ")
    at_once = [each for each in changes if each.kind in _AT_ONCE]
    held = [each for each in changes if each.kind == "held"]
    if at_once:
        lines.append(f"the figures: {figures(state, codes, at_once)}")
    if held:
        lines.append(f"the figures, once approved: {figures(state, codes, held)}")
    return lines


def in_words(
    state: State,
    codes: Codes,
    facts: Iterable[Fact],
    *,
    each: bool,
    names: dict[str, str] | None = None,
) -> list[str]:
    """Return what the changes of marks and plans by facts come to.

    ``each``: after a line for every one of them, as a dry run shows them; ``names``: of pupils
    who come on roll by the same facts.
    """
    changes = told(facts)
    lines = one_by_one(state, changes, dict(names or {})) if each else []
    return [*lines, *summary(state, codes, changes)]


def named(lines: Sequence[str]) -> list[str]:
    """Return lines, each set in; of many the first, and how many more there are."""
    more = len(lines) - MOST_NAMED
    rest = [f"  and {number_of(more, 'more', 'more')}"] if more > 0 else []
    return [*(f"  {line}" for line in lines[:MOST_NAMED]), *rest]
