"""Which pupils a question is about, and which group each of them counts in."""

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np

from ledger.errors import Refused
from projections.queries.question import Selection
from projections.queries.rectangle import Flags, Rectangle, cover
from projections.queries.view import Interval, View

_CLASSES = ("year", "registration")
NO_GROUP = "(none)"


def reference_days(view: View) -> dict[int, date]:
    """Return the day at which each pupil's groups count: `on`, or the last day on roll before."""
    days: dict[int, date] = {}
    for spell in view.spells:
        if spell.first > view.on:
            continue
        last = view.on if spell.last is None else min(spell.last, view.on)
        days[spell.pupil] = max(last, days.get(spell.pupil, date.min))
    return days


def members_on(view: View, wanted: Iterable[Interval]) -> set[int]:
    """Return the pupils who are in one of the memberships on their reference day.

    A pupil who has left counts in the year and registration group held last while on roll, even
    when it ended before the last day; a cohort that ended is not brought back.
    """
    days, last = reference_days(view), _last_held(view)
    return {
        m.pupil
        for m in wanted
        if m.pupil in days and m.covers(last.get((m.pupil, m.kind), days[m.pupil]))
    }


def _last_held(view: View) -> dict[tuple[int, str], date]:
    """Return the last day on which each pupil who has left held a group of each class kind."""
    here = {s.pupil for s in view.spells if s.covers(view.on)}
    spells: dict[int, list[Interval]] = {}
    for spell in view.spells:
        spells.setdefault(spell.pupil, []).append(spell)
    found: dict[tuple[int, str], date] = {}
    for m in view.memberships:
        if m.kind in _CLASSES and m.pupil not in here:
            for day in _shared_last_days(m, spells.get(m.pupil, []), view.on):
                key = (m.pupil, m.kind)
                found[key] = max(day, found.get(key, date.min))
    return found


def _shared_last_days(held: Interval, spells: list[Interval], on: date) -> Iterator[date]:
    """Yield the last day of a membership within each spell on roll, up to a date."""
    for spell in spells:
        last = min(held.last or on, spell.last or on, on)
        if max(held.first, spell.first) <= last:
            yield last


def selected(view: View, question: Selection, whole: Rectangle) -> Flags:
    """Return the cells [pupils, sessions] that a question is about, on roll or not."""
    chosen = np.ones(whole.codes.shape, np.bool_)
    check_school(view, question)
    if question.pupil is not None:
        only = view.pupil_index(question.pupil)
        chosen[np.arange(len(chosen)) != only] = False
    if question.current:
        here = {s.pupil for s in view.spells if s.covers(view.on)}
        chosen[[n for n in range(len(chosen)) if n not in here]] = False
    for kind, name in (("", question.group), ("year", question.year), ("cohort", question.cohort)):
        if name is not None:
            chosen &= _in_group(view, question, whole, (kind, name))
    return chosen


def _in_group(
    view: View, question: Selection, whole: Rectangle, kind_and_name: tuple[str, str]
) -> Flags:
    kind, name = kind_and_name
    wanted = [m for m in view.memberships if m.name == name and kind in ("", m.kind)]
    if not wanted:
        raise Refused(
            "group-unknown",
            f"no {kind or 'group'} is called {name!r}",
            "attendance rates --by registration lists the groups",
        )
    return membership_cells(view, wanted, whole, per_session=question.membership == "session")


def membership_cells(
    view: View, wanted: list[Interval], whole: Rectangle, *, per_session: bool
) -> Flags:
    """Return the cells of the members: session by session, or of whoever is one at `on`."""
    cells = np.zeros(whole.codes.shape, np.bool_)
    if per_session:
        cover(cells, whole.sessions, wanted)
    else:
        cells[[p for p in members_on(view, wanted) if p < len(cells)]] = True
    return cells


def check_school(view: View, question: Selection) -> None:
    """Refuse a question about another school than the one of this ledger."""
    urn = question.school
    if urn is not None and (view.school is None or view.school["urn"] != urn):
        here = view.school["urn"] if view.school else "no school yet"
        raise Refused(
            "school-other",
            f"this ledger is the register of {here}, not of {urn}",
            "name the other school's ledger with --ledger",
        )


def groups_of(view: View, kind: str) -> dict[str, list[Interval]]:
    """Return the memberships of each group of a kind, by name."""
    found: dict[str, list[Interval]] = {}
    for membership in view.memberships:
        if membership.kind == kind:
            found.setdefault(membership.name, []).append(membership)
    return dict(sorted(found.items()))
