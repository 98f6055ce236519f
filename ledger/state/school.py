"""What the school is and who belongs to it: the fold of every stream but marks and plans.

Decisions are made over this state, read from the log itself and never from a view. A fold owns
the state it builds; nobody changes it afterwards.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from ledger.events import amending, calendar, log, penalties, roll, streams
from ledger.events.base import Event
from ledger.events.casework import CaseworkStep, CaseworkStepCorrected, CaseworkStepTaken
from ledger.events.roll import DETAILS
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined, StaffLeft
from ledger.state.calendar import Calendar, Closure, RegisterTimes, Term
from ledger.store.facts import Recorded
from ledger.values import Half, Session, school_year_number

FOLDED = (
    streams.CALENDAR,
    streams.STAFF,
    streams.PUPIL,
    streams.PARENT,
    streams.RELATION,
    streams.NOTICES,
    streams.CASEWORK,
    streams.RULES,
    streams.POLICY,
)
"""What the names of the streams begin with that the school is folded from."""

Membership = tuple[str, str, date | None]
"""Kind, name and first day of a membership (none: from the first day on roll)."""
ClosureKey = tuple[date, Half, frozenset[str]]


@dataclass(slots=True)
class StaffRow:
    """The title and roles that a member of staff held from a date until a date."""

    name: str
    job_title: str
    roles: tuple[str, ...]
    since: date | None
    until: date | None

    def covers(self, day: date) -> bool:
        """Tell whether the row is in force on a day."""
        return (self.since or day) <= day <= (self.until or day)


def row_on(rows: Iterable[StaffRow], day: date) -> StaffRow | None:
    """Return the row of one person that is in force on a day, the newest first."""
    covering = [row for row in rows if row.covers(day)]
    return max(covering, key=lambda row: row.since or date.min, default=None)


@dataclass(slots=True)
class Spell:
    """One stretch on roll, first and last day; ``leaves_on`` none: still on roll."""

    starts_on: date
    leaves_on: date | None = None
    ground: str = ""
    next_school: str | None = None
    boarder: bool = False

    def covers(self, day: date) -> bool:
        """Tell whether the pupil is on roll on a day."""
        return self.starts_on <= day and (self.leaves_on is None or day <= self.leaves_on)


@dataclass(slots=True)
class Pupil:
    """A pupil on the admission register; personal details are sealed texts."""

    id: str
    birth_cohort: int
    compulsory_from: date
    details: dict[str, str | None]
    spells: dict[date, Spell] = field(default_factory=dict)
    memberships: dict[Membership, date | None] = field(default_factory=dict)

    def on_roll(self, day: date) -> bool:
        """Tell whether the pupil is on roll on a day."""
        return any(spell.covers(day) for spell in self.spells.values())

    @property
    def days_on_roll(self) -> set[tuple[date, date | None]]:
        """The first and last day of each spell on roll; none where it goes on."""
        return {(spell.starts_on, spell.leaves_on) for spell in self.spells.values()}

    def memberships_on(self, day: date) -> list[Membership]:
        """Return the memberships that the pupil holds on a day."""
        return [
            membership
            for membership, until in self.memberships.items()
            if (membership[2] or day) <= day and (until is None or day <= until)
        ]

    def groups(self, day: date) -> list[str]:
        """Return the names of the groups that the pupil belongs to on a day."""
        return [name for _, name, _ in self.memberships_on(day)]


@dataclass(slots=True)
class School:
    """The state that decisions are made over.

    ``groups``: name -> ids of every pupil who ever joined it, in the order of the log;
    ``wrong_notices``: those taken back, by stream.
    """

    opened: SchoolOpened | None = None
    terms: dict[tuple[str, int], calendar.TermSet] = field(default_factory=dict)
    times: dict[date, calendar.RegisterTimesSet] = field(default_factory=dict)
    closures: dict[ClosureKey, Closure] = field(default_factory=dict)
    staff: dict[str, dict[date | None, StaffRow]] = field(default_factory=dict)
    pupils: dict[str, Pupil] = field(default_factory=dict)
    parents: dict[str, roll.ParentRecorded] = field(default_factory=dict)
    relations: dict[tuple[str, str], roll.RelationRecorded] = field(default_factory=dict)
    notices: dict[str, list[penalties.NoticeStated]] = field(default_factory=dict)
    wrong_notices: dict[str, list[amending.NoticeNamed]] = field(default_factory=dict)
    casework: dict[str, list[CaseworkStep]] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)
    policies: list[amending.PolicyAdopted] = field(default_factory=list)
    groups: dict[str, dict[str, None]] = field(default_factory=dict)

    def calendar(self, open_text: Callable[[str], str] | None = None) -> Calendar:
        """Return the calendar as it stands; ``open_text``: opens the reasons of its closures."""
        return Calendar(
            [Term(t.first, t.last, t.name) for t in self.terms.values()],
            self.closures.values(),
            [_times(t) for t in self.times.values()],
            open_text,
        )

    def staff_on(self, staff_id: str, day: date) -> StaffRow | None:
        """Return the row of a member of staff that is in force on a day, the newest first."""
        return row_on(self.staff.get(staff_id, {}).values(), day)

    def policy_on(self, day: date) -> amending.PolicyAdopted | None:
        """Return the school's own policy on a day: the newest adopted, the last of one date."""
        begun = [policy for policy in self.policies if policy.since <= day]
        return max(reversed(begun), key=lambda policy: policy.since, default=None)

    def closed_piecemeal(self, session: Session, more: Collection[str] = ()) -> bool:
        """Tell whether closures for groups leave nobody on roll a session; ``more``: and these.

        None is for the whole school, whose closure alone makes a day no school day (SI 2007/1867
        reg 9A(6): the school meets for at least one session).
        """
        day, key = session.date, (session.date, session.half)
        named = [c.groups for c in self.closures.values() if (c.date, c.half) == key]
        if not all(named):
            return False
        closed = {*more, *(group for groups in named for group in groups)}
        on_roll = [pupil for pupil in self.pupils.values() if pupil.on_roll(day)]
        return bool(on_roll) and not any(closed.isdisjoint(p.groups(day)) for p in on_roll)

    def kinds_and_groups(self) -> set[tuple[str, str]]:
        """Return each group that anybody ever belonged to, with its kind before its name."""
        return {(kind, name) for p in self.pupils.values() for kind, name, _ in p.memberships}

    def members(self, group: str, day: date) -> list[Pupil]:
        """Return the pupils on roll who belong to a group on a day, by id."""
        joined = (self.pupils[pupil_id] for pupil_id in sorted(self.groups.get(group, ())))
        return [p for p in joined if p.on_roll(day) and group in p.groups(day)]


def fold(recorded: Iterable[Recorded]) -> School:
    """Return the state that events build, given in the order of the log."""
    school = School()
    advance(school, recorded)
    return school


def advance(school: School, recorded: Iterable[Recorded]) -> None:
    """Take the events that follow in the log into the state of whoever owns it."""
    for r in recorded:
        evolve(school, r.stream, r.event)


def evolve(school: School, stream: str, event: Event) -> None:
    """Take one event into the state; events that do not concern it leave it as it is."""
    handler = _HANDLERS.get(type(event))
    if handler is not None:
        handler(school, stream, event)


def _school_opened(school: School, _: str, event: SchoolOpened) -> None:
    school.opened = event


def _times_set(school: School, _: str, event: calendar.RegisterTimesSet) -> None:
    school.times[event.since] = event


def _term_set(school: School, _: str, event: calendar.TermSet) -> None:
    school.terms[event.name, school_year_number(event.first)] = event


def closure_keys(
    event: calendar.SessionsClosed | calendar.SessionCancelled | calendar.ClosureWithdrawn,
) -> list[ClosureKey]:
    """Return one key for each half day that a closure event is about."""
    return [(event.date, half, frozenset(event.groups)) for half in event.sessions]


def _sessions_closed(
    school: School, _: str, event: calendar.SessionsClosed | calendar.SessionCancelled
) -> None:
    cancelled = isinstance(event, calendar.SessionCancelled)
    for key in closure_keys(event):
        school.closures[key] = Closure(*key, cancelled=cancelled, reason=event.reason)


def _closure_withdrawn(school: School, _: str, event: calendar.ClosureWithdrawn) -> None:
    for key in closure_keys(event):
        school.closures.pop(key, None)


def _staff_row(school: School, stream: str, event: StaffJoined | StaffChanged) -> None:
    row = StaffRow(event.name, event.job_title, event.roles, event.since, event.until)
    school.staff.setdefault(streams.parts(stream)[1], {})[event.since] = row


def _staff_left(school: School, stream: str, event: StaffLeft) -> None:
    school.staff[streams.parts(stream)[1]][event.since].until = event.until


def _parent(school: School, stream: str, event: roll.ParentRecorded) -> None:
    school.parents[streams.parts(stream)[1]] = event


def _relation(school: School, stream: str, event: roll.RelationRecorded) -> None:
    _, pupil, parent = streams.parts(stream)
    school.relations[parent, pupil] = event


def _notice(school: School, stream: str, event: penalties.NoticeStated) -> None:
    school.notices.setdefault(stream, []).append(event)


def _taken_back(school: School, stream: str, event: amending.EntryTakenBack) -> None:
    """Let a notice that was recorded wrongly be none; nothing else here is ever taken back."""
    if event.notice is not None:
        found = school.notices[stream]
        wrong = [each for each in found if is_notice(each, event.notice)]
        school.notices[stream] = [each for each in found if each not in wrong]
        school.wrong_notices.setdefault(stream, []).append(event.notice)


def is_notice(stated: penalties.NoticeStated, named: amending.NoticeNamed) -> bool:
    """Tell whether a statement is of the notice named, of its parent and child."""
    return all(getattr(stated, name) == getattr(named, name) for name in named.__struct_fields__)


def _casework(school: School, stream: str, event: CaseworkStep) -> None:
    school.casework.setdefault(stream, []).append(event)


def _pupil_enrolled(school: School, stream: str, event: roll.PupilEnrolled) -> None:
    pupil_id = streams.parts(stream)[1]
    details = {name: getattr(event, name) for name in DETAILS}
    pupil = school.pupils.get(pupil_id)
    if pupil is None:
        pupil = Pupil(pupil_id, event.birth_cohort, event.compulsory_from, details)
        school.pupils[pupil_id] = pupil
    pupil.details = details
    pupil.birth_cohort, pupil.compulsory_from = event.birth_cohort, event.compulsory_from
    pupil.spells[event.starts_on] = Spell(event.starts_on, boarder=event.boarder)


def _pupil_removed(school: School, stream: str, event: roll.PupilRemoved) -> None:
    spell = school.pupils[streams.parts(stream)[1]].spells[event.starts_on]
    spell.leaves_on, spell.ground = event.leaves_on, event.ground
    spell.next_school = event.next_school


def _enrolment_withdrawn(school: School, stream: str, event: roll.EnrolmentWithdrawn) -> None:
    school.pupils[streams.parts(stream)[1]].spells.pop(event.starts_on, None)


def _details_amended(school: School, stream: str, event: roll.DetailsAmended) -> None:
    pupil = school.pupils[streams.parts(stream)[1]]
    if event.field == "boarder":
        return
    pupil.details[event.field] = event.amended
    if event.birth_cohort is not None and event.compulsory_from is not None:
        pupil.birth_cohort, pupil.compulsory_from = event.birth_cohort, event.compulsory_from


def _membership(school: School, stream: str, event: roll.GroupJoined | roll.GroupLeft) -> None:
    pupil = school.pupils[streams.parts(stream)[1]]
    pupil.memberships[event.kind, event.name, event.since] = event.until
    school.groups.setdefault(event.name, {})[pupil.id] = None


def _rules_adopted(school: School, _: str, event: log.RulesAdopted) -> None:
    school.rules.add(event.digest)


def _policy_adopted(school: School, _: str, event: amending.PolicyAdopted) -> None:
    school.policies.append(event)


def _times(event: calendar.RegisterTimesSet) -> RegisterTimes:
    read = time.fromisoformat
    return RegisterTimes(
        event.since,
        (read(event.am_opens), read(event.am_closes)),
        (read(event.pm_opens), read(event.pm_closes)),
    )


_HANDLERS: Mapping[type[Event], Callable[[School, str, Any], None]] = {
    SchoolOpened: _school_opened,
    calendar.RegisterTimesSet: _times_set,
    calendar.TermSet: _term_set,
    calendar.SessionsClosed: _sessions_closed,
    calendar.SessionCancelled: _sessions_closed,
    calendar.ClosureWithdrawn: _closure_withdrawn,
    StaffJoined: _staff_row,
    StaffChanged: _staff_row,
    StaffLeft: _staff_left,
    roll.ParentRecorded: _parent,
    roll.RelationRecorded: _relation,
    penalties.NoticeStated: _notice,
    amending.EntryTakenBack: _taken_back,
    CaseworkStepTaken: _casework,
    CaseworkStepCorrected: _casework,
    roll.PupilEnrolled: _pupil_enrolled,
    roll.PupilRemoved: _pupil_removed,
    roll.EnrolmentWithdrawn: _enrolment_withdrawn,
    roll.DetailsAmended: _details_amended,
    roll.GroupJoined: _membership,
    roll.GroupLeft: _membership,
    log.RulesAdopted: _rules_adopted,
    amending.PolicyAdopted: _policy_adopted,
}
