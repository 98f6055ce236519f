"""Pupils entered on the admission register, and their groups.

A known UPN begins another spell of the same pupil. Sessions cancelled since the first day get
their mark at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

from commands.calendar import closures
from commands.core import checks, group_names, sessions, told
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import CALENDAR, ROLL, Range, one
from ledger import names
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import DETAILS, GroupJoined, GroupKind, GroupLeft, PupilEnrolled
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import HALVES, Session, check_upn
from policies.law import age
from policies.packs.codes import Rules

_DAY = timedelta(days=1)

_MANDATORY = ("upn", "surname", "forename")
ONE_AT_A_TIME = ("registration", "year")
"""The kinds of which a pupil has one group at a time."""


class EnrolPupil(UseCase):
    """attendance pupil enrol: enter a pupil on the admission register.

    A spell on roll begins; a UPN that is known begins another spell of the same pupil.
    """

    upn: str = option("unique pupil number", kept=names.name)
    surname: str = option("surname", kept=names.name)
    forename: str = option("forename", kept=names.name)
    dob: date = option("date of birth")
    starts_on: date = option("first day on roll")
    local_id: str | None = option("the school's own number", default=None, kept=names.name)
    sex: str | None = option("sex", default=None, kept=names.name)
    name_used: str | None = option("name used at school", default=None, kept=names.name)
    boarder: bool = option("the pupil boards", default=False)
    address: str | None = option("address", default=None, kept=names.text)
    last_school: str | None = option("last school attended", default=None, kept=names.name)
    year: str | None = option("year group", default=None, kept=names.name)
    registration: str | None = option("registration group", default=None, kept=names.name)

    new_group: bool = option("the year or registration group is a new one", default=False)
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def as_held(self, state: State) -> Self:
        """Return the command with its groups called as they are held."""
        held = {
            kind: group_names.joined(state.school, name, kind, new=self.new_group)
            for kind, name in _groups_joined(self).items()
        }
        return replace(self, year=held.get("year"), registration=held.get("registration"))

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar, whoever is named so; a returning pupil's marks.

        Of a new group, that nobody makes another one meanwhile.
        """
        if self.new_group:
            yield ROLL
        yield from (state.own_row, CALENDAR)
        yield from named_ranges(state, self.upn, self.local_id or "")
        pupil = _known_pupil(self, state)
        if pupil is not None:
            last = Session(date.max, HALVES[-1])
            yield sessions.marks(pupil, sessions.Span(Session(self.starts_on, HALVES[0]), last))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Enter the pupil, the groups, and the mark of sessions cancelled since the first day."""
        by, pupil = state.author(now).staff_id, _known_pupil(self, state)
        birth = birth_of(self.dob, local_date(now))
        _check_spell(self, pupil)
        stream = streams.pupil(state.new_id() if pupil is None else pupil.id)
        enrolled = PupilEnrolled(
            **_details(self, state, pupil),
            starts_on=self.starts_on,
            birth_cohort=birth.birth_cohort,
            compulsory_from=birth.compulsory_from,
            boarder=self.boarder,
        )
        facts = [Fact(stream, enrolled), *_group_facts(self, stream, pupil)]
        verb = "would be" if self.dry_run else "is"
        says = [f"{self.forename} {self.surname} {verb} on roll from {self.starts_on}"]
        cancelled = list(_cancelled_sessions(self, state, pupil, local_date(now)))
        for session, reason in cancelled:
            entry = closures.cancelled_entry(rules.codes, session, reason, by, now)
            facts.append(Fact(streams.mark(streams.subject(stream), session), entry))
        if cancelled:
            says.append(f"entered for {number_of(len(cancelled), 'session')} cancelled since then")
        if self.dry_run:
            names = {streams.subject(stream): f"{self.name_used or self.forename} {self.surname}"}
            says += told.in_words(state, rules.codes, facts, each=True, names=names)
        return decided(facts, *says, dry_run=self.dry_run)


class MovePupil(UseCase):
    """attendance pupil move: record that a pupil joins or leaves a group.

    A new registration or year group takes the place of the old; cohorts are held beside.
    """

    pupil: str = argument("UPN or local id")
    kind: GroupKind = option("registration, year or cohort")
    from_: date = option("first day in the new group, or first day without the old")
    to: str | None = option("the group joined", default=None, kept=names.name)
    leave: str | None = option(
        "the group left, without joining another", default=None, kept=names.name
    )

    new_group: bool = option("the group joined is a new one", default=False)
    reason: str | None = option(
        "why, where marks stop counting by it: kept with them", default=None
    )
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def as_held(self, state: State) -> Self:
        """Return the command with its groups called as they are held."""
        if self.to:
            to = group_names.joined(state.school, self.to, self.kind, new=self.new_group)
            return replace(self, to=to)
        mine = {name for kind, name, _ in state.pupil(self.pupil).memberships if kind == self.kind}
        return replace(self, leave=group_names.meant(self.leave or "", mine) or self.leave)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the pupil; of a new group, that nobody makes another meanwhile."""
        yield from (state.own_row, one(streams.pupil(state.pupil(self.pupil).id)))
        if self.new_group:
            yield ROLL

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Join a group and leave what it replaces, or leave one only."""
        state.author(now)
        pupil = state.pupil(self.pupil)
        if (self.to is None) == (self.leave is None):
            raise Refused(
                "join-or-leave",
                "a move names the group joined or the group left",
                "give --to or --leave",
            )
        if not pupil.on_roll(self.from_):
            raise Refused(
                "not-on-roll",
                f"the pupil is not on roll on {self.from_}",
                "check the date, or the pupil's first and last day on roll",
            )
        facts = list(_leave(self, pupil) if self.to is None else _join(self, pupil))
        name = state.name_of(pupil)
        if not facts:
            return decided([], f"{name} belongs to {self.to} already; nothing was recorded")
        verb = f"leaves {self.leave}" if self.to is None else f"joins {self.to}"
        if self.dry_run:
            verb = f"would leave {self.leave}" if self.to is None else f"would join {self.to}"
        reason = self.reason and checks.required_text(self.reason, "reason")
        return decided(
            facts, f"{name} {verb} on {self.from_}", dry_run=self.dry_run, reason=reason
        )


# What enrolling and correcting share.


class Birth(NamedTuple):
    """A date of birth, and what is kept in clear of it."""

    dob: date
    birth_cohort: int
    compulsory_from: date


def birth_of(dob: date, today: date) -> Birth:
    """Return what follows from a date of birth, or refuse one in the future."""
    if dob > today:
        raise Refused("dob-future", f"a date of birth of {dob} is in the future", "check the year")
    begins = age.begins(dob)
    return Birth(dob, age.birth_cohort(dob), begins)


def detail(state: State, pupil: Pupil, name: str) -> str | None:
    """Return a detail of the admission register, its sealed text opened."""
    sealed = pupil.details[name]
    return sealed and state.open_text(sealed)


def named_ranges(state: State, *named: str) -> Iterator[Range]:
    """Name the pupils whom UPNs and local ids name, for `check_name`."""
    for each in named:
        pupil_id = state.identities.get(each)
        if pupil_id:
            yield one(streams.pupil(pupil_id))


def check_name(state: State, kind: str, value: str, *, of: Pupil | None) -> None:
    """Refuse a malformed UPN, and a UPN or local id that names another pupil now.

    One that named another pupil in error, or in a record merged since, is free.
    """
    if kind == "upn":
        check_upn(value)
    other = state.school.pupils.get(state.identities.get(value))
    if other is None or other is of or not other.spells:
        return
    if value in (detail(state, other, "upn"), detail(state, other, "local_id")):
        raise Refused(
            "id-in-use",
            f"{value} is the {kind.replace('_', ' ')} of {state.name_of(other)}",
            "check both records; merge them with attendance pupil merge if they are one pupil",
        )


# A spell that begins.


def _known_pupil(command: EnrolPupil, state: State) -> Pupil | None:
    """Return the pupil who has this UPN now, or had it and was born on the same day."""
    pupil = state.school.pupils.get(state.identities.get(command.upn, ""))
    if pupil is None:
        return None
    current = detail(state, pupil, "upn") == command.upn
    same_birth = detail(state, pupil, "dob") == command.dob.isoformat()
    if current and not (same_birth and pupil.spells):
        raise Refused(
            "upn-in-use",
            f"{command.upn} is the UPN of {state.name_of(pupil)}, "
            + ("born on another day" if pupil.spells else "a record that was withdrawn"),
            "check the UPN and date of birth; attendance pupil correct changes what is recorded",
        )
    return pupil if same_birth and pupil.spells else None


def _check_spell(command: EnrolPupil, pupil: Pupil | None) -> None:
    starts_on = command.starts_on
    if command.dob >= starts_on:
        raise Refused(
            "starts-before-birth",
            f"the pupil would start on {starts_on}, born on {command.dob}",
            "check both dates",
        )
    for spell in () if pupil is None else pupil.spells.values():
        if spell.leaves_on is None or spell.leaves_on >= starts_on:
            until = spell.leaves_on or "now"
            raise Refused(
                "already-on-roll",
                f"the pupil is on roll from {spell.starts_on} until {until}",
                "a new spell begins after the last day of the one before",
            )


def _details(command: EnrolPupil, state: State, pupil: Pupil | None) -> dict[str, Any]:
    """Return the details, checked; those not given stay as they were in an earlier spell."""
    stated = {name: getattr(command, name) for name in DETAILS} | {"dob": command.dob.isoformat()}
    for name in _MANDATORY:
        stated[name] = checks.required_text(stated[name], name)
    before = {n: detail(state, pupil, n) for n in DETAILS} if pupil is not None else {}
    if pupil is not None:
        stated["upn"] = before["upn"]
    check_name(state, "upn", stated["upn"], of=pupil)
    if command.local_id:
        check_name(state, "local_id", command.local_id, of=pupil)
    return checks.renew(before, stated)


def _groups_joined(command: EnrolPupil) -> dict[GroupKind, str]:
    named: dict[GroupKind, str | None] = {
        "year": command.year,
        "registration": command.registration,
    }
    return {kind: name for kind, name in named.items() if name}


def _group_facts(command: EnrolPupil, stream: str, pupil: Pupil | None) -> Iterator[Fact]:
    """Yield the groups joined, and the end of those of an earlier spell that they replace."""
    joined, starts_on = _groups_joined(command), command.starts_on
    for (kind, name, since), until in ({} if pupil is None else pupil.memberships).items():
        if kind in joined and (until is None or until >= starts_on):
            left = GroupLeft(kind=kind, name=name, since=since, until=starts_on - _DAY)
            yield Fact(stream, left)
    for kind, name in joined.items():
        yield Fact(stream, GroupJoined(kind=kind, name=name, since=starts_on))


def _cancelled_sessions(
    command: EnrolPupil, state: State, pupil: Pupil | None, today: date
) -> Iterator[tuple[Session, str]]:
    """Yield the sessions cancelled since the first day that have no mark, with the reason."""
    calendar, joined = state.calendar(), _groups_joined(command)
    memberships = () if pupil is None else pupil.memberships.items()
    staying = {n for (kind, n, _), until in memberships if until is None and kind not in joined}
    for session in calendar.sessions(command.starts_on, today):
        closure = calendar.closure(session, {*joined.values(), *staying})
        marked = pupil is not None and state.mark(pupil, session).code is not None
        if closure is not None and closure.cancelled and not marked:
            yield session, calendar.why(closure)


# A move between groups.


def _join(command: MovePupil, pupil: Pupil) -> Iterator[Fact]:
    """Yield what joins the new group; nothing where the pupil belongs to it already."""
    kind, stream = command.kind, streams.pupil(pupil.id)
    to, endings = checks.required_text(command.to, "to"), _endings(command, pupil)
    if any(event.name == to for event in endings):
        return
    if kind in ONE_AT_A_TIME:
        yield from (Fact(stream, event) for event in endings)
    yield Fact(stream, GroupJoined(kind=kind, name=to, since=command.from_))


def _leave(command: MovePupil, pupil: Pupil) -> Iterator[Fact]:
    found = [event for event in _endings(command, pupil) if event.name == command.leave]
    if not found:
        raise Refused(
            "not-a-member",
            f"the pupil does not belong to {command.leave!r} on {command.from_}",
            _mine_in_words(command, pupil),
        )
    yield from (Fact(streams.pupil(pupil.id), event) for event in found)


def _mine_in_words(command: MovePupil, pupil: Pupil) -> str:
    """Say to which groups of the kind a pupil belongs on the day."""
    mine = [repr(event.name) for event in _endings(command, pupil)]
    what = group_names.WORDS[command.kind]
    return f"the {what} on that day: {', '.join(mine) or 'none'}"


def _endings(command: MovePupil, pupil: Pupil) -> list[GroupLeft]:
    """Return the end, the day before, of each group of the kind that would go on.

    One that began on the day itself ends before it began: it was never held. One that begins
    later is refused, where the move would have to undo it.
    """
    day, ends = command.from_, []
    for (kind, name, since), until in pupil.memberships.items():
        if kind != command.kind or (until is not None and until < max(day, since or day)):
            continue
        if since is not None and since > day:
            if kind in ONE_AT_A_TIME or name in (command.to, command.leave):
                raise Refused(
                    "later-group",
                    f"the pupil joins {name} on {since}, after {day}",
                    f"give a day from {since} on",
                )
            continue
        ends.append(GroupLeft(kind=command.kind, name=name, since=since, until=day - _DAY))
    return ends
