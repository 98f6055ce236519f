"""Brute force over a plain list of what happened to marks, written from the words of each check.

A mark is a list of `Said`, in the order in which they were recorded. Nothing of the code under
test is used; the calendar is that of office_cases: Monday to Friday in terms, but for one INSET.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from tests.projections.office_cases import INSET, TERMS

IN_SCHOOL, ABSENT = {"/", "\\", "L"}, {"N", "O", "U", "G", "I", "M", "C"}
ELSEWHERE, RELEVANT = {"B", "V"}, {"G", "N", "O", "U"}
AFTER = ("amendment", "late_entry", "restated")
CENSUS = (date(2026, 10, 1), date(2027, 1, 21), date(2027, 5, 20), date(2027, 10, 7))


@dataclass
class Said:
    """One version of a mark: how it came about, its code, by whom, on which day (none: unknown).

    ``act``: what ties versions made together.
    """

    kind: str
    code: str
    by: str | None
    on: date | None
    position: int
    batch: str | None = None
    act: tuple | None = None
    imported: bool = False


@dataclass
class World:
    """All marks by pupil and session; groups, roles, papers; what is asked."""

    marks: dict[tuple[str, str], list[Said]]
    group: dict[str, str]
    role: dict[str, str]
    taken: set[tuple[str, str]]
    notices: list[tuple[str, date, set[str], int]]
    considered: list[tuple[str, set[str], int, int]]
    disclosed: list[tuple[str, str, date, date, int, int]]
    on: date

    def each(self):
        """Yield every mark in range: its pupil, session, day and versions."""
        for (pupil, session), said in sorted(self.marks.items(), key=lambda m: (m[0][1], m[0][0])):
            if TERMS["Autumn 1"][0] <= day_of(session) <= self.on:
                yield pupil, session, said

    def changes(self):
        """Yield every change after the end of taking, with what stood before."""
        for pupil, session, said in self.each():
            for n, one in enumerate(said):
                if one.kind in AFTER:
                    yield pupil, session, said[n - 1].code if n else None, one


def day_of(session):
    return date.fromisoformat(session[:10])


def is_school_day(day):
    return day.weekday() < 5 and day != INSET and any(a <= day <= b for a, b in TERMS.values())


def lag(day, on):
    """School days after a day, up to and including another; none where it is not known."""
    if on is None:
        return None
    return sum(is_school_day(day + timedelta(days=n)) for n in range(1, (on - day).days + 1))


def n_kept(world):
    for pupil, session, said in world.each():
        stood = None
        for one in said:
            if one.code == "N":
                stood = stood or one
                continue
            if stood and one.on is not None and lag(day_of(session), one.on) > 5:
                yield session, pupil, one.code, (stood.position, one.position)
            stood = None
        if stood and lag(day_of(session), world.on) > 5:
            yield session, pupil, None, (stood.position,)


def late_entries(world):
    for pupil, session, _, one in world.changes():
        if one.kind == "late_entry":
            yield session, pupil, one.code, (one.position,)


def large_batches(world, over):
    tied = {}
    for pupil, session, before, one in world.changes():
        if one.kind == "amendment":
            tie = ("batch", one.batch) if one.batch else one.act
            if tie:
                tied.setdefault(tie, []).append((one.position, pupil, session, before, one.code))
    for acts in tied.values():
        if len(acts) > over:
            pairs = Counter(f"{before}>{after}" for *_, before, after in acts)
            sessions = sorted(session for _, _, session, _, _ in acts)
            positions = tuple(sorted(position for position, *_ in acts))
            yield positions, dict(pairs), sessions[0], sessions[-1], len({a[1] for a in acts})


def after_paper(world):
    for pupil, session, _, one in world.changes():
        papers = {
            ("notice", position)
            for about, issued, sessions, position in world.notices
            if about == pupil and session in sessions and after_issue(one, issued, position)
        }
        papers |= {
            ("consideration", position)
            for about, sessions, seen_at, position in world.considered
            if about == pupil and session in sessions and one.position > seen_at
        }
        papers |= {
            (kind, position)
            for about, kind, first, last, seen_at, position in world.disclosed
            if about == pupil
            and kind in ("certificate", "pack")
            and first <= day_of(session) <= last
            and one.position > seen_at
        }
        if papers:
            yield session, pupil, one.code, one.position, frozenset(papers)


def after_issue(one, issued, position):
    if one.on is None:
        return False
    return one.on > issued or (one.on == issued and one.position > position and not one.imported)


def turned(before, one):
    return one.kind in ("amendment", "restated") and before in ABSENT and one.code in IN_SCHOOL


def school_days_before(day, number):
    """The first of so many school days before a day."""
    while number:
        day -= timedelta(days=1)
        number -= is_school_day(day)
    return day


def absent_to_present(world, before_days, inspections):
    looked = [("census", day) for day in CENSUS] + [("inspection", day) for day in inspections]
    for pupil, session, before, one in world.changes():
        if turned(before, one):
            near = {
                (kind, day)
                for kind, day in looked
                if one.on is not None and school_days_before(day, before_days) <= one.on < day
            }
            late = lag(day_of(session), one.on)
            if near or (late is not None and late > 5):
                yield session, pupil, one.position, late, frozenset(near)


def entered(said):
    """What stood when the taking had ended: the version before the first amendment."""
    at = next((n for n, s in enumerate(said) if s.kind in ("amendment", "restated")), len(said))
    return said[at - 1].code


def just_lifted(world, margin):
    pupils = sorted({pupil for pupil, _ in world.marks})
    for pupil in pupils:
        mine = {session: said for p, session, said in world.each() if p == pupil}
        then = {session: entered(said) for session, said in mine.items()}
        now = {session: said[-1].code for session, said in mine.items()}
        before, after = attendance(then), attendance(now)
        if is_persistent(*before) and not is_persistent(*after):
            until = next(k for k in range(1, 9999) if is_persistent(after[0] + k, after[1] + k))
            if until <= margin:
                yield pupil, "persistent", before, after
        fullest, left = windows(then), windows(now)
        if fullest >= 10 > left >= 10 - margin:
            yield pupil, "threshold", fullest, left


def attendance(codes):
    absent = sum(code in ABSENT for code in codes.values())
    return absent, absent + sum(code in IN_SCHOOL | ELSEWHERE for code in codes.values())


def is_persistent(absent, possible):
    return possible > 0 and 10 * absent >= possible


def windows(codes):
    """The relevant entries in the fullest ten school weeks; every week of these terms is one."""
    held = Counter()
    for session, code in codes.items():
        day = day_of(session)
        held[day - timedelta(days=day.weekday())] += code in RELEVANT
    mondays = sorted(
        {d - timedelta(days=d.weekday()) for d in all_days(date(2026, 8, 31)) if is_school_day(d)}
    )
    return max(sum(held[m] for m in mondays[n : n + 10]) for n in range(len(mondays)))


def all_days(first):
    return [first + timedelta(days=n) for n in range(110)]


def strangers(world):
    took = world.taken | {
        (world.group[pupil], said[0].by)
        for (pupil, _), said in world.marks.items()
        if said[0].kind == "entry"
    }
    made = [
        (session, pupil, one)
        for pupil, session, _, one in world.changes()
        if one.kind != "restated" and one.by is not None
    ]
    for session, pupil, one in made:
        if (world.group[pupil], one.by) in took:
            continue
        others = [
            (world.group[p], o.by)
            for _, p, o in made
            if world.role[o.by] == world.role[one.by] and o.by != one.by
        ]
        never = [each for each in others if each not in took]
        if 2 * len(never) < len(others):
            yield session, pupil, one.position, len(others), len(never)
