"""Change marks that stand, saying why and by whom.

One session, every session of a range on which a mark stands, or the lines of a batch file; all of
them or none. What the school's policy holds back for a second person is recorded as requested.
A mark of the wrong pupil is moved to the right one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self, TextIO

from commands.amending.batch import BatchFile, batch_changes, batch_reads, read_batch
from commands.amending.changes import (
    Judgement,
    Preview,
    Proposal,
    check_differs,
    check_selects,
    hold,
    judge,
    policy_reads,
    standing,
)
from commands.amending.evidence import (
    EvidenceFile,
    EvidenceRecord,
    check_keep,
    evidence_of,
    read_evidence,
)
from commands.core import checks, marks, sessions, told
from commands.core.command import Decision, State, UseCase, argument, decided, hidden, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, Range, one
from commands.core.sessions import Span
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import Codes, Rules

_NEEDED = ("pupil", "code", "reason")
_OF_ONE_PUPIL = (
    "pupil", "session", "from_", "to_", "from_code", "code", "minutes_late", "nature",
)  # fmt: skip


class AmendMarks(sessions.SpanCommand):
    """attendance amend: change marks that stand, saying why and by whom.

    Marks that stand are replaced: original, amended, reason, date and name are kept.
    """

    pupil: str | None = option("UPN or local id", default=None)
    code: str | None = option("the code that is to stand", default=None)
    reason: str | None = option(
        "why the register is amended; with --batch, of the lines without one", default=None
    )
    from_code: str | None = option("only marks with this code", default=None)
    minutes_late: int | None = option("minutes late", default=None, minimum=0)
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )
    batch: str | None = option(
        "a CSV file (- for stdin), one amendment a line: upn, date, session, original, amended, "
        "reason and, if wanted, nature, minutes_late",
        default=None,
    )
    evidence: Path | None = option(
        "a file that the amendments rest on; its name and SHA-256 are recorded", default=None
    )
    evidence_note: str | None = option("what the evidence is", default=None)
    keep_evidence: bool = option(
        "keep an encrypted copy of that file in the ledger's attachments/", default=False
    )
    dry_run: bool = option(
        "show each change in full and what it does to the figures; record nothing", default=False
    )
    batch_file: BatchFile | None = hidden(default=None)
    evidence_file: EvidenceFile | None = hidden(default=None)

    def __post_init__(self) -> None:
        """Ask for what one pupil's amendments need; wrong usage, as where it is always needed."""
        super().__post_init__()
        missing = [name for name in _NEEDED if getattr(self, name) is None]
        if missing and self.batch is None:
            named = " and ".join(f"'--{name}'" for name in missing)
            msg = f"Missing option {named}, or '--batch' with a file whose lines say it."
            raise ValueError(msg)

    def load(self, stdin: TextIO) -> Self:
        """Return the command with the lines of its batch file and the bytes of its evidence."""
        _check_options(self)
        read: dict[str, Any] = {}
        if self.batch is not None:
            read["batch_file"] = read_batch(self.batch, stdin)
        if self.evidence is not None:
            read["evidence_file"] = read_evidence(self.evidence)
        return replace(self, **read)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar and the pupils; marks, registers, and what policy needs."""
        _check_options(self)
        yield from (state.own_row, CALENDAR)
        if self.batch_file is not None:
            yield from batch_reads(self.batch_file, state)
            return
        pupil, span = state.pupil(checks.required_text(self.pupil, "pupil")), sessions.span(self)
        yield one(streams.pupil(pupil.id))
        yield sessions.marks(pupil, span)
        yield from marks.taking_ranges(state, pupil, span)
        yield from policy_reads(state, [pupil], span)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend one mark, all of a range that answer the description, or those of a batch file."""
        author = state.author(now)
        judged = judge(state, rules, now, _changes(self, state, rules, now))
        amended = [each for each in judged if not each.taking]
        held = any(each.grounds for each in judged)
        evidence = evidence_of(self.evidence_file, self.evidence_note, keep=self.keep_evidence)
        tied = len(amended) > 1 or held or evidence is not None
        batch = state.new_id() if tied else None
        facts = [each.fact(Amendment(author, each.proposal.reason, batch)) for each in judged]
        preview = Preview(state, rules.codes, now, judged)
        says = preview.in_full() if self.dry_run else preview.briefly(batch)
        says += _left_out(self, state, rules, now)
        kept = EvidenceRecord()
        if evidence is not None and batch is not None:
            pupils = dict.fromkeys(each.proposal.pupil.id for each in judged)
            kept = evidence.record(pupils, batch, state.new_key)
            says.append(f"evidence: {evidence}")
        facts += kept.facts
        return decided(facts, *says, dry_run=self.dry_run, attachments=kept.attachments)


def _check_options(command: AmendMarks) -> None:
    if command.batch is not None:
        options = [n for n in _OF_ONE_PUPIL if getattr(command, n) is not None]
        if options:
            named = ", ".join(f"--{name.strip('_').replace('_', '-')}" for name in options)
            raise Refused(
                "batch-or-options",
                f"--batch and {named} are given together",
                "let each line of the batch file say it, and leave those options out",
            )
    check_keep(command.evidence, keep=command.keep_evidence)


def _changes(command: AmendMarks, state: State, rules: Rules, now: int) -> Sequence[Proposal]:
    if command.batch_file is not None:
        return batch_changes(command.batch_file, command.reason, state, rules.codes, now)
    return _replacement(command, state, rules).changes(state, sessions.span(command), now)


def _left_out(command: AmendMarks, state: State, rules: Rules, now: int) -> list[str]:
    """Say what of a range is not amended; nothing of one session or of a batch file."""
    if command.batch_file is not None or sessions.span(command).single:
        return []
    return list(_replacement(command, state, rules).left_out(state, sessions.span(command), now))


def _replacement(command: AmendMarks, state: State, rules: Rules) -> "Replacement":
    code = checks.required_text(command.code, "code")
    reason = checks.required_text(command.reason, "reason")
    return Replacement(
        state.pupil(checks.required_text(command.pupil, "pupil")),
        rules.codes,
        state.calendar(),
        marks.StatedMark(code, command.minutes_late, command.nature),
        command.from_code,
        reason,
    )


class Replacement(NamedTuple):
    """What is to stand, and instead of which code (none: of any)."""

    pupil: Pupil
    codes: Codes
    calendar: Calendar
    stated: StatedMark
    from_code: str | None
    reason: str

    def changes(self, state: State, span: Span, now: int) -> list[Proposal]:
        """Return the changes in a span; refuse none, and a mark that may not stand."""
        if span.single:
            marks.check_not_future(span.first, now)
            return [self._change(span.first, marks.mark_of(state, self.pupil, span.first))]
        found = list(marks.marks_of(state, self.pupil))
        check_selects(self.codes, self.from_code, span, [mark.code for _, mark in found])
        changes = list(self._changes_of_range(found))
        if not changes:
            raise self._nothing(span, list(self.left_out(state, span, now)))
        return changes

    def _nothing(self, span: Span, left: Sequence[str]) -> Refused:
        why = "; ".join(left) or "the pupil has no session there, by the terms and the roll"
        chosen = " and --from-code" if self.from_code is not None else ""
        return Refused(
            "nothing-to-amend",
            f"from {span.first} to {span.last} no mark stands that would change: {why}",
            f"check the sessions{chosen}; look with attendance history",
        )

    def _change(self, session: Session, before: StatedMark | None) -> Proposal:
        after = self.stated
        self._check(session, after)
        remedy = "look at what stands with attendance history, then give that --from-code"
        here = Span(session, session)
        check_selects(self.codes, self.from_code, here, [before.code] if before else [])
        before = standing(session, before, self.from_code, remedy)
        check_differs(session, before, after, "nothing is to amend")
        return Proposal(self.pupil, session, before, after, self.reason)

    def _changes_of_range(self, found: Iterable[tuple[Session, StatedMark]]) -> Iterator[Proposal]:
        """Yield the changes among the marks of a range.

        Closed and cancelled sessions keep what the calendar gave them; a code for present takes
        the form of its half of the day.
        """
        for session, before in found:
            after = self._after(session)
            concerned = self.from_code in (None, before.code)
            if self._meets(session) and concerned and before != after:
                self._check(session, after)
                yield Proposal(self.pupil, session, before, after, self.reason)

    def left_out(self, state: State, span: Span, now: int) -> Iterator[str]:
        """Yield which sessions of a range are not amended, and what to do about them."""
        stands, today = dict(marks.marks_of(state, self.pupil)), local_date(now)
        met = [s for s in self._sessions_of(span) if self._meets(s)]
        concerned = {s: m for s, m in stands.items() if self.from_code in (None, m.code)}
        same = [s for s in met if s in concerned and stands[s] == self._after(s)]
        blank = [s for s in met if s not in stands]
        yield from sessions.left_out(
            (s for s in blank if s.date <= today), "without a mark", "attendance mark"
        )
        yield from sessions.left_out(
            (s for s in blank if s.date > today), "still to come", "attendance plan add"
        )
        yield from sessions.left_out(
            (s for s in concerned if not self._meets(s)), "cancelled or closed, with a mark,"
        )
        yield from sessions.left_out(same, "with that mark already")
        if other := len([s for s in stands if s not in concerned]):
            yield f"{number_of(other, 'session')} with another code than {self.from_code} left out"

    def _sessions_of(self, span: Span) -> Iterator[Session]:
        for session in self.calendar.sessions(span.first.date, span.last.date):
            if span.holds(session) and self.pupil.on_roll(session.date):
                yield session

    def _meets(self, session: Session) -> bool:
        return self.calendar.closure(session, self.pupil.groups(session.date)) is None

    def _after(self, session: Session) -> StatedMark:
        return self.stated._replace(code=self._code_for(session))

    def _check(self, session: Session, after: StatedMark) -> None:
        marks.check_entry(
            self.codes, self.calendar, pupil=self.pupil, session=session, stated=after
        )

    def _code_for(self, session: Session) -> str:
        rule = self.codes.find(self.stated.code, session.date)
        if rule is not None and rule.category == "present" and session.half not in rule.sessions:
            return self.codes.present(session.half)
        return self.stated.code


class MoveMark(UseCase):
    """attendance move-mark: put right a mark that was recorded against the wrong pupil.

    The right pupil gets the mark; the wrong one, never left blank, gets another code.
    """

    session: Session = argument("the session, 2026-11-20/AM")
    from_: str = option("UPN or local id of the wrong pupil")
    to: str = option("UPN or local id of the right pupil")
    code: str = option("the code that stands for the wrong pupil from now on")
    reason: str = option("what happened")
    minutes_late: int | None = option("minutes late, for that code", default=None, minimum=0)
    nature: str | None = option("nature or cause, for that code", default=None)
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar and both pupils; their marks, and what the policy needs."""
        yield from (state.own_row, CALENDAR)
        pupils = [state.pupil(named) for named in (self.from_, self.to)]
        for pupil in pupils:
            yield from (one(streams.pupil(pupil.id)), one(streams.mark(pupil.id, self.session)))
        span = Span(self.session, self.session, single=True)
        yield from marks.taking_ranges(state, pupils[1], span)
        yield from policy_reads(state, pupils)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend the wrong pupil's mark; enter or amend the right pupil's with what it was."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        session, wrong, right = self.session, state.pupil(self.from_), state.pupil(self.to)
        moved = marks.mark_of(state, wrong, session)
        after = StatedMark(self.code, self.minutes_late, self.nature)
        if wrong is right or moved is None or moved == after:
            raise Refused(
                "nothing-to-move",
                f"there is no mark for {session} to move, or it would stay as it is",
                "name the pupil who has the mark, the one it belongs to, and another code",
            )
        marks.check_not_future(session, now)
        calendar = state.calendar()
        for pupil, stated in ((wrong, after), (right, moved)):
            marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
        before = marks.mark_of(state, right, session)
        proposals = [Proposal(wrong, session, moved, after)]
        if before is not None and before != moved:
            proposals.append(Proposal(right, session, before, moved))
        judged = hold(state, rules, now, proposals)
        _check_at_once(judged, state)
        amending = Amendment(author, reason, state.new_id())
        facts = [each.fact(amending) for each in judged]
        says = [f"{state.name_of(each.pupil)} {session}: {each.codes}" for each in proposals]
        if before is None:
            late = marks.register_ended(state, calendar, right, session, now)
            by = author.staff_id
            entered = SessionMarked(**moved._asdict(), late=late, reason=reason, by=by)
            facts.append(Fact(streams.mark(right.id, session), entered))
            says.append(f"{state.name_of(right)} {session}: no mark -> {moved.code}")
        says += told.summary(state, rules.codes, told.told(facts)) if self.dry_run else []
        return decided(facts, *says, dry_run=self.dry_run)


def _check_at_once(judged: Iterable[Judgement], state: State) -> None:
    """Refuse a move of which the school's policy holds a part: its two halves belong together."""
    for proposal, grounds, _ in judged:
        if grounds:
            raise Refused(
                "approval-needed",
                f"{state.name_of(proposal.pupil)} {proposal.session}: {proposal.codes} adds "
                "unauthorised absence, which the school's policy holds for a second person "
                f"({', '.join(grounds)})",
                "amend each of the two marks with attendance amend: that one waits for approval",
            )
