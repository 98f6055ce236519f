"""Which papers a change undercut, in plain loops over the events of a log.

Written from SI 2007/1867 reg 9A, issue 4 and the text of the feature alone: every window of ten
school weeks is looked at, and nothing of the project but the classes of events is used.

- A notice (s444A, not withdrawn by today) relied on the sessions it names, else on every session
  of its offence period that held G, N, O or U when it was recorded (a first entry recorded later
  and not as a late one held it by then); a consideration other than "no discretion" on its
  entries; a certificate or pack on every session of its period up to the day it was given.
- Its case is the fullest window of ten school weeks, begun by today, that overlaps the days it
  is about. It falls when ten or more become fewer than ten.
- A relied session changed when its code changed or whether it counts; for a certificate when its
  code changed or whether it was held. A first entry on its own day is the register being taken,
  unless that session was cancelled.
"""

from copy import deepcopy
from datetime import date, timedelta

from ledger.events import calendar, disclosure, penalties, register, roll

DAY = timedelta(days=1)
COMMENCED = date(2024, 8, 19)
RELEVANT = ("G", "N", "O", "U")
MARKS = (
    register.SessionMarked, register.MarkAmended, register.MarkCorrected, register.SourceRestated,
)  # fmt: skip


def nothing():
    """Return a register without anything in it."""
    return {
        "terms": {},
        "closed": {},
        "pupils": {},
        "marks": {},
        "papers": {},
        "notices": {},
        "rested": {},
    }


def taken_in(before, events):  # noqa: C901, PLR0912, PLR0915 - one case a kind of event
    """Return the register after some events: (position, stream, event)."""
    found = deepcopy(before)
    for position, stream, event in events:
        keys = stream.split(":", 2)
        match event:
            case calendar.TermSet():
                year = event.first.year - (event.first.month < 8)
                found["terms"][event.name, year] = (event.first, event.last)
            case calendar.SessionsClosed() | calendar.SessionCancelled():
                cancelled = isinstance(event, calendar.SessionCancelled)
                for half in event.sessions:
                    found["closed"][event.date, half, frozenset(event.groups)] = cancelled
            case calendar.ClosureWithdrawn():
                for half in event.sessions:
                    found["closed"].pop((event.date, half, frozenset(event.groups)), None)
            case roll.PupilEnrolled():
                pupil = found["pupils"].setdefault(keys[1], {"spells": {}, "groups": {}})
                pupil["age"] = (event.compulsory_from, event.birth_cohort)
                pupil["spells"][event.starts_on] = None
            case roll.PupilRemoved():
                found["pupils"][keys[1]]["spells"][event.starts_on] = event.leaves_on
            case roll.EnrolmentWithdrawn():
                found["pupils"][keys[1]]["spells"].pop(event.starts_on, None)
            case roll.DetailsAmended():
                if event.birth_cohort is not None:
                    age = (event.compulsory_from, event.birth_cohort)
                    found["pupils"][keys[1]]["age"] = age
            case roll.GroupJoined() | roll.GroupLeft():
                groups = found["pupils"][keys[1]]["groups"]
                groups[event.kind, event.name, event.since] = event.until
            case penalties.NoticeStated():
                key = stream, event.kind, event.issued_on, event.offence_first
                found["notices"][key] = event
                found["rested"].setdefault(key, dict(found["marks"].get(keys[1], {})))
            case penalties.PenaltyConsidered() | disclosure.Disclosed():
                found["papers"][position] = (keys[1], event)
            case _ if isinstance(event, MARKS):
                found["marks"].setdefault(keys[1], {})[session(keys[2])] = event.code
                if isinstance(event, register.SessionMarked) and not event.late:
                    for key, stood in found["rested"].items():
                        if key[0].split(":")[1] == keys[1]:
                            stood[session(keys[2])] = event.code
            case _:
                pass
    return found


def session(text):
    day, half = text.split("/")
    return date.fromisoformat(day), half


def undercut(before, after, today):
    """Return what the step from one register to the next undercut.

    Pupil -> papers {(kind, ref): (count before, count after)}, sessions that must be named.
    """
    found = {}
    weeks = [school_weeks(r, today) for r in (before, after)]
    for pupil, kind, ref, named, first, last in papers(before, after, today):
        changed = set()
        for s in sorted(candidates(before, pupil) | candidates(after, pupil)):
            relied = s in named if named is not None else first <= s[0] <= last
            if relied and differs(before, after, pupil, s, kind, today):
                changed.add(s)
        counts = (0, 0)
        if kind != "certificate":
            counts = tuple(
                fullest(r, w, pupil, first, last, today)
                for r, w in zip((before, after), weeks, strict=True)
            )
        if counts[0] >= 10 > counts[1] or changed:
            papers_found, sessions = found.setdefault(pupil, ({}, set()))
            papers_found[kind, ref] = counts
            sessions |= changed
    return found


def lost(before, after, pupil, today):
    """Return what counted and counts no longer: with a fallen case, it may be named."""
    return {
        s for s in before["marks"].get(pupil, {})
        if counts(before, pupil, s, today) and not counts(after, pupil, s, today)
    }  # fmt: skip


def papers(before, after, today):  # noqa: C901 - one case a kind of paper
    for (stream, kind, issued, offence), event in before["notices"].items():
        now = after["notices"][stream, kind, issued, offence]
        if kind == "s444A" and not withdrawn(now, today) and not withdrawn(event, today):
            _, pupil, parent = stream.split(":", 2)
            named = {session(s) for s in event.sessions}
            days = [d for d, _ in named]
            first = min(days) if days else event.offence_first
            last = max(days) if days else event.offence_last or issued
            if not named and first is not None:
                stood = before["rested"][stream, kind, issued, offence]
                named = {
                    s for s, code in stood.items()
                    if code in RELEVANT and first <= s[0] <= last
                }  # fmt: skip
            if first is not None:
                yield pupil, "notice", f"{parent} {issued}", named, first, last
    for position, (pupil, event) in before["papers"].items():
        if isinstance(event, penalties.PenaltyConsidered):
            named = {session(e.split(" ")[0]) for e in event.entries}
            if event.decision != "no-discretion" and named:
                days = [d for d, _ in named]
                yield pupil, "consideration", str(position), named, min(days), max(days)
        elif event.kind in ("certificate", "pack") and event.first and event.last:
            last = min(event.last, event.on)
            yield pupil, "certificate", str(position), None, event.first, last


def withdrawn(event, today):
    if event.withdrawn_on is not None and event.withdrawn_on <= today:
        return True
    if event.outcome != "withdrawn":
        return False
    decided = event.outcome_on or event.withdrawn_on or event.paid_on or event.issued_on
    return decided <= today


def candidates(school, pupil):
    """Every weekday session of every term, and whatever is marked."""
    found = set(school["marks"].get(pupil, {}))
    for first, last in school["terms"].values():
        day = first
        while day <= last:
            if day.weekday() < 5:
                found |= {(day, "AM"), (day, "PM")}
            day += DAY
    return found


def differs(before, after, pupil, s, kind, today):  # noqa: PLR0917
    was, now = (school["marks"].get(pupil, {}).get(s) for school in (before, after))
    first_entry = was is None and now is not None
    if first_entry and s[0] == today and held(before, pupil, s) == held(after, pupil, s):
        return False
    if was != now:
        return True
    if kind == "certificate":
        return held(before, pupil, s) != held(after, pupil, s)
    return counts(before, pupil, s, today) != counts(after, pupil, s, today)


def fullest(school, weeks, pupil, first, last, today):  # noqa: PLR0917
    entries = [s for s in school["marks"].get(pupil, {}) if counts(school, pupil, s, today)]
    best = 0
    for start in range(len(weeks)):
        window = weeks[start : start + 10]
        if window[0] <= last and first <= window[-1] + 6 * DAY:
            inside = [d for d, _ in entries if any(w <= d <= w + 6 * DAY for w in window)]
            best = max(best, len(inside))
    return best


def school_weeks(school, today):
    """Return the Mondays of the weeks in which the school meets, those begun by today."""
    found = set()
    for first, last in school["terms"].values():
        day = first
        while day <= last:
            for half in ("AM", "PM"):
                if day.weekday() < 5 and (day, half, frozenset()) not in school["closed"]:
                    found.add(day - day.weekday() * DAY)
            day += DAY
    return sorted(week for week in found if week <= today)


def held(school, pupil, s):
    """Tell whether the school met the session for the pupil, who was on roll."""
    day, half = s
    known = school["pupils"][pupil]
    if not any(a <= day and (b is None or day <= b) for a, b in known["spells"].items()):
        return False
    if day.weekday() > 4 or not any(a <= day <= b for a, b in school["terms"].values()):
        return False
    groups = {
        name for (_, name, since), until in known["groups"].items()
        if (since is None or since <= day) and (until is None or day <= until)
    }  # fmt: skip
    return not any(
        d == day and h == half and (not g or g & groups) for d, h, g in school["closed"]
    )


def counts(school, pupil, s, today):
    code = school["marks"].get(pupil, {}).get(s)
    if code not in RELEVANT or not COMMENCED <= s[0] <= today or not held(school, pupil, s):
        return False
    begins, cohort = school["pupils"][pupil]["age"]
    return begins <= s[0] <= last_friday_in_june(cohort + 17)


def has_part(school, pupil, s):
    """Tell whether the mark that stands has a part in any figure.

    Of a session met for a pupil on roll; of a cancelled one, the entry that the law gives it
    (SI 2024/208 reg 10(10)).
    """
    code = school["marks"].get(pupil, {}).get(s)
    if code is None:
        return False
    return held(school, pupil, s) or (code == "Y4" and is_cancelled(school, pupil, s))


def is_cancelled(school, pupil, s):
    """Tell whether a session of a term was cancelled for a pupil on roll, planned or not."""
    bare = {**school, "closed": {}}
    closed = {key: cancelled for key, cancelled in school["closed"].items() if key[:2] == s}
    theirs = {k: c for k, c in closed.items() if not held({**bare, "closed": {k: c}}, pupil, s)}
    return held(bare, pupil, s) and any(theirs.values())


def uncounted(before, after, today, survivors):
    """Return the marks of each pupil that stood, stand, and stopped counting.

    Pupil -> (sessions that no figure counts, sessions that only the threshold does not). What a
    record that was merged into another handed on with the same code counts there. A change of the
    entry alone, of whatever session, is an amendment and no such thing.
    """
    found = {}
    for pupil, marks in before["marks"].items():
        both = [s for s in marks.keys() & after["marks"].get(pupil, {}).keys() if s[0] <= today]
        gone = {
            s for s in both
            if lost_its_part(before, after, pupil, s)
            and not handed_on(after, survivors.get(pupil), s, after["marks"][pupil][s])
        }  # fmt: skip
        of_age = {s for s in both if lost_its_age(before, after, pupil, s, today)}
        if gone or of_age:
            found[pupil] = gone, of_age
    return found


def lost_its_part(before, after, pupil, s):
    places = [(held(r, pupil, s), is_cancelled(r, pupil, s)) for r in (before, after)]
    return places[0] != places[1] and has_part(before, pupil, s) and not has_part(after, pupil, s)


def lost_its_age(before, after, pupil, s, today):
    if not (has_part(before, pupil, s) and has_part(after, pupil, s)):
        return False
    same = {**before, "marks": {pupil: {s: after["marks"][pupil][s]}}}
    return counts(same, pupil, s, today) and not counts(after, pupil, s, today)


def handed_on(school, survivor, s, code):
    if survivor is None:
        return False
    return school["marks"].get(survivor, {}).get(s) == code and held(school, survivor, s)


def peak(school, pupil, today):
    """Return the relevant entries in the fullest window there is."""
    weeks = school_weeks(school, today)
    return fullest(school, weeks, pupil, date.min, date(9999, 1, 1), today) if weeks else 0


def last_friday_in_june(year):
    day = date(year, 6, 30)
    while day.weekday() != 4:
        day -= DAY
    return day


def alerts(events):
    """Return what the events of one transaction report, and how many reports each pupil has."""
    found, number = {}, {}
    for _, stream, event in events:
        if isinstance(event, penalties.CaseUndercut):
            pupil = stream.split(":")[1]
            number[pupil] = number.get(pupil, 0) + 1
            reported = {(p.kind, p.ref): (p.before, p.after) for p in event.papers}
            found[pupil] = (reported, {session(s.split(" ")[0]) for s in event.sessions})
    return found, number
