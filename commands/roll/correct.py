"""The admission register put right: a detail amended, or a duplicate record withdrawn.

Nothing is deleted. An amendment keeps the detail as it was (SI 2024/208 reg 6(1)); a duplicate's
own history stays readable, and marks that only it has become late entries of the pupil.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from commands.core import checks, marks, told
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.marks import StatedMark
from commands.core.places import place
from commands.core.ranges import CALENDAR, Range, one, starting
from commands.roll import enrol
from ledger import names
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import SessionMarked
from ledger.events.roll import (
    DETAILS,
    Detail,
    DetailsAmended,
    EnrolmentWithdrawn,
    PupilEnrolled,
    PupilRemoved,
)
from ledger.state.school import Pupil, Spell
from ledger.store.facts import Fact
from ledger.values import Session, parse_date
from policies.packs.codes import Codes, Rules

_NEVER_EMPTY = ("upn", "surname", "forename", "dob")
_FLAG = "boarder"


class CorrectPupil(UseCase):
    """attendance pupil correct: amend a detail of the admission register.

    The detail as it was, as it is now, the reason, the date and the name are kept.
    """

    pupil: str = argument("UPN or local id")
    field: Detail = option("which detail")
    to: str = option("what it should say; '' clears a detail that may be missing")
    reason: str = option("why it is amended")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the pupil, and whoever has the UPN or local id that is given."""
        yield from (state.own_row, one(streams.pupil(state.pupil(self.pupil).id)))
        if self.field in ("upn", "local_id"):
            yield from enrol.named_ranges(state, names.tidy(self.to))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Amend the detail; a UPN may not be another pupil's; a birth date moves the age."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        original, amended = _detail_before(self, state, pupil), _detail_after(self)
        name, words = state.name_of(pupil), self.field.replace("_", " ")
        if amended == original:
            return decided([], f"{name}: the {words} says so already; nothing was recorded")
        if amended and self.field in ("upn", "local_id"):
            enrol.check_name(state, self.field, amended, of=pupil)
        event = DetailsAmended(
            field=self.field,
            original=original,
            amended=amended,
            **_age_fields(self, pupil, local_date(now)),
            reason=reason,
            **author.fields,
        )
        facts = [event, *_spell_again(self, state, pupil)]
        return decided(
            [Fact(streams.pupil(pupil.id), each) for each in facts],
            f"{name}: {words} {'would be amended' if self.dry_run else 'amended'}",
            dry_run=self.dry_run,
            reason=reason,
        )


def _detail_before(command: CorrectPupil, state: State, pupil: Pupil) -> str | None:
    if command.field != _FLAG:
        return enrol.detail(state, pupil, command.field)
    return "yes" if _spell(pupil).boarder else "no"


def _detail_after(command: CorrectPupil) -> str | None:
    text = (names.text if command.field == "address" else names.name)(command.to)
    if command.field == _FLAG:
        return checks.required_text(checks.yes_no(text, "to"), "to")
    if command.field in _NEVER_EMPTY:
        return checks.required_text(text, "to")
    return text or None


def _spell(pupil: Pupil) -> Spell:
    """Return the newest spell on roll, which the flag is about."""
    if not pupil.spells:
        raise Refused(
            "not-on-roll",
            "the pupil's record was withdrawn: it holds no spell on roll",
            "correct the record that stayed",
        )
    return pupil.spells[max(pupil.spells)]


def _spell_again(
    command: CorrectPupil, state: State, pupil: Pupil
) -> Iterator[PupilEnrolled | PupilRemoved]:
    """Yield the spell stated again with the flag: only there does it stand in clear."""
    if command.field != _FLAG:
        return
    spell = _spell(pupil)
    details: dict[str, Any] = {n: enrol.detail(state, pupil, n) for n in DETAILS}
    yield PupilEnrolled(
        **details,
        starts_on=spell.starts_on,
        birth_cohort=pupil.birth_cohort,
        compulsory_from=pupil.compulsory_from,
        boarder=not spell.boarder,
    )
    if spell.leaves_on is not None:
        yield PupilRemoved(
            starts_on=spell.starts_on,
            leaves_on=spell.leaves_on,
            ground=spell.ground,
            next_school=spell.next_school and state.open_text(spell.next_school),
            by=state.operator.staff_id,
        )


def _age_fields(command: CorrectPupil, pupil: Pupil, today: date) -> dict[str, Any]:
    """Return what follows from a corrected date of birth; nothing for another detail."""
    if command.field != "dob":
        return {}
    birth = enrol.birth_of(parse_date(command.to.strip()), today)
    first = min((spell.starts_on for spell in pupil.spells.values()), default=today)
    if birth.dob >= first:
        raise Refused(
            "starts-before-birth",
            f"the pupil was on roll on {first}, before a birth on {birth.dob}",
            "check the date",
        )
    return {"birth_cohort": birth.birth_cohort, "compulsory_from": birth.compulsory_from}


class MergePupils(UseCase):
    """attendance pupil merge: withdraw a duplicate record of a pupil in favour of another.

    Two records of one pupil become one; where both have a mark, the survivor's stands.
    """

    duplicate: str = argument("UPN or local id of the record withdrawn")
    into: str = option("UPN or local id of the record that stays")
    reason: str = option("why they are one pupil")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar and both records; every mark of them."""
        yield from (state.own_row, CALENDAR)
        for pupil in _pair(self, state):
            yield one(streams.pupil(pupil.id))
            yield starting(streams.mark(pupil.id, ""))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Withdraw every spell of the duplicate and carry over what only it has."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        pair = _pair(self, state)
        facts = [
            Fact(
                streams.pupil(pair.duplicate.id),
                EnrolmentWithdrawn(
                    starts_on=starts_on, survivor=pair.survivor.id, reason=reason, **author.fields
                ),
            )
            for starts_on in sorted(pair.duplicate.spells)
        ]
        stands = dict(marks.marks_of(state, pair.survivor))
        only, both = _unshared_marks(dict(marks.marks_of(state, pair.duplicate)), stands)
        _check_on_roll(pair.survivor, only)
        because = f"merged from a duplicate record: {reason}"
        for session, mark in only.items():
            entry = SessionMarked(**mark._asdict(), late=True, reason=because, by=author.staff_id)
            facts.append(Fact(streams.mark(pair.survivor.id, session), entry))
        merged = "would be merged" if self.dry_run else "merged"
        carried = f"{number_of(len(only), 'mark')} carried over"
        says = [f"{state.name_of(pair.survivor)}: {merged}, {carried}"]
        for session, mark in both.items():
            says.append(
                f"{session}: {stands[session].code} stands, {mark.code} was the duplicate's"
            )
        if self.dry_run:
            says += told.one_by_one(state, told.told(facts), {})
        moves = _moves(state, rules.codes, pair, only, local_date(now))
        says.append(f"the figures, of both records together: {told.figures_in_words(moves)}")
        return decided(facts, *says, dry_run=self.dry_run, reason=reason)


class _Pair(NamedTuple):
    duplicate: Pupil
    survivor: Pupil


def _pair(command: MergePupils, state: State) -> _Pair:
    pair = _Pair(state.pupil(command.duplicate), state.pupil(command.into))
    if pair.duplicate is pair.survivor:
        raise Refused(
            "same-pupil", "both names are of the same record", "name two records of one pupil"
        )
    for pupil, named in zip(pair, (command.duplicate, command.into), strict=True):
        if not pupil.spells:
            raise Refused(
                "record-withdrawn",
                f"the record {named} was withdrawn already",
                "name two records that are on roll or were",
            )
    return pair


def _moves(
    state: State, codes: Codes, pair: _Pair, only: Iterable[Session], today: date
) -> Counter[str]:
    """Return what a merger moves: all that counts of one record goes, what it alone has comes.

    In a cancelled session the entry counts that the law gives it, whatever stands.
    """
    calendar, moves = state.calendar(), Counter[str]()
    theirs = {session: mark.code for session, mark in marks.marks_of(state, pair.duplicate)}
    for session in calendar.sessions(date.min, today):
        at = place(calendar, pair.duplicate, session)
        if at.has_entry:
            code = theirs.get(session) if at.held else codes.cancelled(session.date)
            moves[told.figure_of(codes, code, session)] -= 1
    for session in only:
        if place(calendar, pair.survivor, session).held:
            moves[told.figure_of(codes, None, session)] -= 1
            moves[told.figure_of(codes, theirs[session], session)] += 1
    return moves


def _unshared_marks(
    duplicate: dict[Session, StatedMark], stands: dict[Session, StatedMark]
) -> tuple[dict[Session, StatedMark], dict[Session, StatedMark]]:
    """Return the marks that only the duplicate has, and those where the two differ."""
    only = {s: mark for s, mark in duplicate.items() if s not in stands}
    both = {s: mark for s, mark in duplicate.items() if s in stands}
    return only, {s: mark for s, mark in both.items() if mark.code != stands[s].code}


def _check_on_roll(survivor: Pupil, sessions: Iterable[Session]) -> None:
    days = sorted({s.date for s in sessions if not survivor.on_roll(s.date)})
    if days:
        raise Refused(
            "not-on-roll",
            f"the duplicate has marks on {number_of(len(days), 'day')} when the other record is "
            f"not on roll, from {days[0]} to {days[-1]}",
            "merge the other way round, or enrol the pupil for those days first",
        )
