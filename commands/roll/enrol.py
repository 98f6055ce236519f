"""Enter a pupil on the admission register."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from commands.calendar import closures as closing
from commands.core import checks as given
from commands.core import records, sessions
from commands.core.command import Decision, Range, State, UseCase, decided, option
from commands.roll import roll_rules
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import DETAILS, GroupJoined, GroupKind, GroupLeft, PupilEnrolled
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import HALVES, Session
from policies.packs.rules import Rules

_DAY = timedelta(days=1)
_MANDATORY = ("upn", "surname", "forename")


class EnrolPupil(UseCase):
    """attendance pupil enrol: enter a pupil on the admission register.

    A spell on roll begins; a UPN that is known begins another spell of the same pupil.
    """

    upn: str = option("unique pupil number")
    surname: str = option("surname")
    forename: str = option("forename")
    dob: date = option("date of birth")
    starts_on: date = option("first day on roll")
    local_id: str | None = option("the school's own number", default=None)
    sex: str | None = option("sex", default=None)
    name_used: str | None = option("name used at school", default=None)
    boarder: bool = option("the pupil boards", default=False)
    address: str | None = option("address", default=None)
    last_school: str | None = option("last school attended", default=None)
    year: str | None = option("year group", default=None)
    registration: str | None = option("registration group", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for a returning pupil's marks from the first day on."""
        pupil = _known(self, state)
        if pupil is not None:
            last = Session(date.max, HALVES[-1])
            yield sessions.marks(pupil, sessions.Span(Session(self.starts_on, HALVES[0]), last))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Enter the pupil, the groups, and the mark of sessions cancelled since the first day."""
        by, pupil = state.author(now).staff_id, _known(self, state)
        birth = roll_rules.birth(self.dob, local_date(now))
        _check_spell(self, pupil)
        stream = streams.pupil(state.new_pupil_id() if pupil is None else pupil.id)
        enrolled = PupilEnrolled(
            **_details(self, state, pupil),
            starts_on=self.starts_on,
            birth_cohort=birth.birth_cohort,
            compulsory_from=birth.compulsory_from,
            boarder=self.boarder,
        )
        facts = [Fact(stream, enrolled), *_groups(self, stream, pupil)]
        says = [f"{self.forename} {self.surname} is on roll from {self.starts_on}"]
        cancelled = list(_cancelled(self, state, pupil, local_date(now)))
        for session, reason in cancelled:
            entry = closing.cancelled_entry(rules.codes, session, reason, by, now)
            facts.append(Fact(streams.mark(streams.subject(stream), session), entry))
        if cancelled:
            says.append(f"entered for {len(cancelled)} sessions cancelled since then")
        return decided(facts, *says)


def _known(command: EnrolPupil, state: State) -> Pupil | None:
    """Return the pupil who has this UPN now, or had it and was born on the same day."""
    pupil = state.school.pupils.get(state.identities.get(command.upn, ""))
    if pupil is None:
        return None
    current = roll_rules.detail(state, pupil, "upn") == command.upn
    same_birth = roll_rules.detail(state, pupil, "dob") == command.dob.isoformat()
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
    stated = command.model_dump(include=set(DETAILS)) | {"dob": command.dob.isoformat()}
    for name in _MANDATORY:
        stated[name] = given.required(stated[name], name)
    before = {n: roll_rules.detail(state, pupil, n) for n in DETAILS} if pupil is not None else {}
    if pupil is not None:
        stated["upn"] = before["upn"]
    roll_rules.check_name(state, "upn", stated["upn"], of=pupil)
    if command.local_id:
        roll_rules.check_name(state, "local_id", command.local_id, of=pupil)
    return records.renewed(before, stated)


def _joined(command: EnrolPupil) -> dict[GroupKind, str]:
    named: dict[GroupKind, str | None] = {
        "year": command.year,
        "registration": command.registration,
    }
    return {kind: name for kind, name in named.items() if name}


def _groups(command: EnrolPupil, stream: str, pupil: Pupil | None) -> Iterator[Fact]:
    """Yield the groups joined, and the end of those of an earlier spell that they replace."""
    joined, starts_on = _joined(command), command.starts_on
    for (kind, name, since), until in ({} if pupil is None else pupil.memberships).items():
        if kind in joined and (until is None or until >= starts_on):
            left = GroupLeft(kind=kind, name=name, since=since, until=starts_on - _DAY)
            yield Fact(stream, left)
    for kind, name in joined.items():
        yield Fact(stream, GroupJoined(kind=kind, name=name, since=starts_on))


def _cancelled(
    command: EnrolPupil, state: State, pupil: Pupil | None, today: date
) -> Iterator[tuple[Session, str]]:
    """Yield the sessions cancelled since the first day that have no mark, with the reason."""
    calendar, joined = state.school.calendar(), _joined(command)
    memberships = () if pupil is None else pupil.memberships.items()
    staying = {n for (kind, n, _), until in memberships if until is None and kind not in joined}
    for session in calendar.sessions(command.starts_on, today):
        closure = calendar.closure(session, {*joined.values(), *staying})
        marked = pupil is not None and state.mark(pupil, session).code is not None
        if closure is not None and closure.cancelled and not marked:
            yield session, closure.reason
