"""What ``penalties`` ought to answer, in plain loops over plain values.

Written from the contract (section 3), reg 9A, reg 4, reg 8, reg 9, reg 12A and EA 1996 s.8 alone;
it imports nothing of the project's until it is run. It works on the values of ``schools``. As a
program it is a campaign, and prints every disagreement:

    uv run python tests/projections/penalties/oracle.py --cases 50000

or ``uv run pytest tests/projections/penalties -n 4 -k oracle --campaign``.
"""

import argparse
import sys
import time
from datetime import date, timedelta

DAY = timedelta(days=1)
COMMENCED = date(2024, 8, 19)
RELEVANT = ("G", "N", "O", "U")


# -- the law --------------------------------------------------------------------------------------


def expected(school, pupil):
    """Answer for one pupil, as ISO dates and integers."""
    facts = Facts(school, pupil)
    weeks = [m for m in facts.weeks if m <= school.on]
    entries = facts.entries(standing(pupil), school.on)
    order = sorted(entries)
    windows = [weeks[max(0, n - 9) : n + 1] for n in range(len(weeks))]
    held = [[s for s in order if monday(s[0]) in window] for window in windows]
    latest = held[-1] if held else []
    peak = max(map(len, held), default=0)
    fullest = max((n for n in range(len(held)) if len(held[n]) == peak), default=None)
    used = {s for s in order if relied_on(pupil.notices, s, school.on)}
    return {
        "count": len(latest),
        "settled": len([s for s in latest if entries[s] != "N"]),
        "fresh": len([s for s in latest if s not in used]),
        "met": peak >= 10,
        "peak": peak,
        "first_met_on": first_met(order, weeks),
        "window": ends(windows[-1]) if windows else None,
        "sessions": cells(latest, entries),
        "peak_window": None if fullest is None else ends(windows[fullest]),
        "peak_sessions": [] if fullest is None else cells(held[fullest], entries),
        "oldest_leaves_on": leaves(facts.weeks, latest),
        "first_recorded": first_recorded(school, pupil),
        "settled_met": max((len([s for s in h if entries[s] != "N"]) for h in held), default=0)
        >= 10,
        "parents": {
            p: (
                *one_more(pupil.notices, p, school.on),
                *spent(pupil.notices, p, latest, school.on),
            )
            for p in ("p1", "p2")
        },
    }


class Facts:
    """Calendar, roll, groups and birth as recorded by a moment; without one, as they are now."""

    def __init__(self, school, pupil, moment=None):
        def known(ever):
            return [
                each.said for each in ever
                if (each.until is None if moment is None else
                    each.since <= moment and (each.until is None or moment < each.until))
            ]  # fmt: skip

        self.terms, self.closed = known(school.terms), known(school.closed)
        self.spells, self.groups = known(pupil.spells), known(pupil.groups)
        # Before any date of birth is known, the first one that became known counts.
        (self.born,) = known(pupil.born) or [pupil.born[0].said]
        # Every Monday-to-Sunday in which the school meets for at least one session (reg 9A(6)).
        self.weeks = sorted({
            monday(day) for first, last, _ in self.terms for day in days(first, last)
            for half in ("AM", "PM") if self.met((day, half), None)
        })  # fmt: skip

    def met(self, session, groups):
        """Whether the school meets a session: for somebody in these groups, or (None) at all."""
        day = session[0]
        if day.weekday() > 4 or not any(first <= day <= last for first, last, _ in self.terms):
            return False
        for closure in self.closed:
            if closure.session == session and (
                not closure.groups or (groups is not None and closure.groups & groups)
            ):
                return False
        return True

    def counts(self, session, code):
        """A relevant entry: the code, the day, met for the pupil, on roll, of compulsory age."""
        day = session[0]
        groups = {
            name
            for name, since, until in self.groups
            if (since is None or since <= day) and (until is None or day <= until)
        }
        return (
            code in RELEVANT
            and day >= COMMENCED
            and any(s <= day and (e is None or day <= e) for s, e in self.spells)
            and of_compulsory_age(self.born, day)
            and self.met(session, groups)
        )

    def entries(self, marks, on):
        """The relevant entries among marks, up to a day."""
        return {s: c for s, c in marks.items() if s[0] <= on and self.counts(s, c)}


def ends(window):
    return {"first_week": window[0].isoformat(), "last_week": window[-1].isoformat()}


def cells(sessions, entries):
    return [{"session": f"{d}/{h}", "code": entries[d, h]} for d, h in sessions]


def monday(day):
    while day.weekday():
        day -= DAY
    return day


def days(first, last):
    found = []
    while first <= last:
        found.append(first)
        first += DAY
    return found


def of_compulsory_age(born, day):
    """From the fifth birthday or the next prescribed day, to the last Friday in June at 16."""
    leap = (born.month, born.day) == (2, 29)  # no prescribed day lies between it and 1 March
    begins = date(born.year + 5, 3, 1) if leap else date(born.year + 5, born.month, born.day)
    while (begins.month, begins.day) not in ((8, 31), (12, 31), (3, 31)):
        begins += DAY
    # Sixteen in the school year: one that starts on 1 September.
    summer = born.year + 16 if born.month < 9 else born.year + 17
    last = date(summer, 6, 30)
    while last.weekday() != 4:
        last -= DAY
    return begins <= day <= last


def standing(pupil, upto=None):
    """What stands for each session, now or at a moment."""
    found = {}
    for session, versions in pupil.marks.items():
        for moment, code in versions:
            if upto is None or moment <= upto:
                found[session] = code
    return found


def first_met(order, weeks):
    """The session at which a window ending with its own week first held ten."""
    for n, (day, _) in enumerate(order):
        at = weeks.index(monday(day))
        window = weeks[max(0, at - 9) : at + 1]
        if len([s for s in order[: n + 1] if monday(s[0]) in window]) >= 10:
            return day.isoformat()
    return None


def leaves(weeks, latest):
    """The Monday of the first school week whose window no longer holds the oldest session."""
    for n, week in enumerate(weeks):
        window = weeks[max(0, n - 9) : n + 1]
        if latest and week > monday(latest[0][0]) and monday(latest[0][0]) not in window:
            return week.isoformat()
    return None


def first_recorded(school, pupil):
    """The moment at which the register first held ten in one window, as all was known then."""
    ever = [*school.terms, *school.closed, *pupil.spells, *pupil.groups, *pupil.born]
    turns = {m for each in ever for m in (each.since, each.until) if m is not None}
    facts = None
    for moment in sorted(turns | {m for versions in pupil.marks.values() for m, _ in versions}):
        if facts is None or moment in turns:
            facts = Facts(school, pupil, moment)
            weeks = [m for m in facts.weeks if m <= school.on]
        there = facts.entries(standing(pupil, moment), school.on)
        if len(there) < 10:
            continue
        mondays = [monday(s[0]) for s in there]
        for n in range(len(weeks)):
            window = weeks[max(0, n - 9) : n + 1]
            if len([m for m in mondays if m in window]) >= 10:
                return moment
    return None


def relied_on(notices, session, on, *, withdrawn=False):
    """Whether an s444A notice by then relied on a session; withdrawn ones too, or none of them."""
    for n in notices:
        if n.kind == "s444A" and n.issued_on <= on and (withdrawn or not is_withdrawn(n, on)):
            first, last = n.offence_first, n.offence_last
            if n.sessions:
                if session in n.sessions:
                    return True
            elif first is not None and last is not None and first <= session[0] <= last:
                return True
    return False


def spent(notices, parent, sessions, on):
    """How many sessions no notice to this parent used up; of how many one has to ask.

    Used up by a notice paid, outstanding or prosecuted (s.444A(4)), or withdrawn because it ought
    not to have been issued (reg 8(1)(a): no proceedings for that offence). Free again after
    material errors (reg 8(1)(b)). The law says nothing of one withdrawn because it was unpaid
    (reg 9), which is taken as used up, nor is anything known where no ground is recorded, which
    is taken as free: of both the authority has to be asked.
    """
    fresh = ask = 0
    for session in sessions:
        said = {
            n.withdrawn_ground if is_withdrawn(n, on) else "stands"
            for n in notices
            if n.parent == parent and relied_on([n], session, on, withdrawn=True)
        }
        fresh += not said & {"stands", "8(1)(a)", "9"}
        ask += bool(said & {"9", None}) and not said & {"stands", "8(1)(a)"}
    return fresh, ask


def counts_from(notice):
    """When an outcome counts."""
    return notice.outcome_on or notice.withdrawn_on or notice.paid_on or notice.issued_on


def is_withdrawn(notice, on):
    if notice.withdrawn_on is not None and notice.withdrawn_on <= on:
        return True
    return notice.outcome == "withdrawn" and counts_from(notice) <= on


def one_more(notices, parent, on):
    """Previous notices, and what one more would be on this day."""
    previous = 0
    for n in notices:
        recent = three_years_before(on) < n.issued_on <= on
        if n.parent != parent or n.kind != "s444A" or not recent:
            continue
        acquitted = n.outcome == "not_guilty" and counts_from(n) <= on
        began = n.offence_first or min([s[0] for s in n.sessions], default=n.issued_on)
        if not (is_withdrawn(n, on) or acquitted or began < COMMENCED):
            previous += 1
    if previous == 0:
        return 0, "first", 80, 160
    if previous == 1:
        return 1, "second", None, 160
    return previous, "barred", None, None


def three_years_before(on):
    """The same day three years earlier; of 29 February, the day before 1 March."""
    if (on.month, on.day) == (2, 29):
        return date(on.year - 3, 2, 28)
    return date(on.year - 3, on.month, on.day)


# -- a campaign -----------------------------------------------------------------------------------


def main():
    """Compare so many schools, and print what differs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    from tests.projections.penalties.schools import generated  # noqa: PLC0415 - once found
    from tests.projections.penalties.values import answered  # noqa: PLC0415

    wrong, met, undone, began = 0, 0, 0, time.perf_counter()
    for seed in range(given.first, given.first + given.cases):
        school = generated(seed)
        for pupil in school.pupils:
            right, got = expected(school, pupil), answered(school, pupil)
            met += bool(right["met"])
            undone += right["first_recorded"] is not None and not right["met"]
            differ = {k: (right[k], got[k]) for k in right if right[k] != got[k]}
            wrong += bool(differ)
            if differ:
                print(f"seed {seed}: {differ}")  # noqa: T201 - the campaign's result
    speed = given.cases / (time.perf_counter() - began)
    print(  # noqa: T201 - the campaign's result
        f"{given.cases} schools, {met} thresholds met, {undone} met once and not now, "
        f"{wrong} disagreements; {speed:.0f} schools a second"
    )
    return wrong > 0


if __name__ == "__main__":
    sys.path.insert(0, __file__.rpartition("/tests/")[0])
    sys.exit(main())
