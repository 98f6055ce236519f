"""Several writers at once leave what the same commands leave one after another.

Four writers, each at a ledger opened by itself, begin commands of many kinds and are stopped
before they record while the others go on. Beside them a second copy of the ledger is given each
command that was recorded, alone, in the order of the log; it is what the first is held to.
"""

import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from commands.amending.amend import AmendMarks, MoveMark
from commands.amending.approvals import DeclineApproval, GiveApproval, WithdrawRequest
from commands.amending.put_back import PutBack
from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.calendar.terms import SetRegisterTimes
from commands.core.command import Context, UseCase
from commands.leave.decide import GrantLeave, RefuseLeave
from commands.leave.end import WithdrawLeave
from commands.leave.request import RequestLeave
from commands.penalties.notices import ConfirmNotices
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession, TakeRegister
from commands.roll.correct import CorrectPupil
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.roll.families import RecordParent, RecordRelation
from commands.roll.moves import CorrectMove
from commands.roll.remove import RemovePupil
from commands.school.staff import AddStaff, ChangeStaff, LeaveStaff
from ledger.clock import SECOND
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator
from tests.commands.conftest import upn
from tests.commands.core.side_by_side import (
    BEGINS,
    LATER,
    NOW,
    OLD,
    STAFF,
    THURSDAY,
    WEDNESDAY,
    Answer,
    Entry,
    Likeness,
    Stop,
    Writer,
    carried_out,
    entries,
    notice,
)

AT_DESKS = ("mm", "head", "tt", "mm")
"""Who sits at each writer's computer; one person has two."""


# What the writers do: few pupils, sessions and ids, so that they meet


def one_of(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


def built(make: Any, /, **fields: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of commands; a field that is no strategy is always the same."""
    given = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in fields.items()
    }
    return st.builds(make, **given)


PUPIL, GROUP = one_of("P1", "P2", "P3"), one_of("7A", "7B", "Y7")
SESSION, TO_COME = one_of(OLD, THURSDAY, NOW), one_of(NOW, LATER)
CODE, REASON = one_of("/", "L", "N", "I", "O"), one_of("Telephoned", "Seen in class")
DAY = one_of(date(2026, 11, 20), date(2026, 11, 27))
ROWS = st.lists(st.builds(Row, st.just(0), PUPIL, CODE), unique_by=lambda row: row.pupil).map(
    tuple
)
REGISTERS = (
    built(MarkSession, pupil=PUPIL, session=one_of(NOW, NOW, WEDNESDAY), code=CODE),
    built(TakeRegister, group=GROUP, session=NOW, rest_present=True),
    built(TakeRegister, group=GROUP, session=NOW, rows=ROWS),
)
AMENDING = (
    built(AmendMarks, pupil=PUPIL, session=SESSION, code=CODE, reason=REASON),
    built(AmendMarks, pupil=PUPIL, from_="2026-11-09", to_="2026-11-20", code=CODE, reason=REASON),
    built(MoveMark, session=SESSION, from_=PUPIL, to=PUPIL, code=CODE, reason=REASON),
)
PLANNING = (
    built(PlanAbsence, pupil=PUPIL, session=TO_COME, code=one_of("M", "I"), reason=REASON),
    built(ChangePlan, pupil=PUPIL, session=TO_COME, code=one_of("M", "I"), reason=REASON),
    built(WithdrawPlan, pupil=PUPIL, session=TO_COME, reason=REASON),
    built(
        RequestLeave,
        pupil=PUPIL,
        from_="2026-11-23",
        to_=one_of("2026-11-23", "2026-11-24/AM"),
        purpose=one_of("holiday", "interview"),
        asked_by="Una Quill",
        asked_on="2026-11-19",
        parent=one_of("F1", None),
    ),
)
CALENDAR = (
    built(AddClosure, day=DAY, group=one_of((), ("7A",)), reason=REASON),
    built(
        WithdrawClosure,
        day=DAY,
        group=one_of((), ("7A",)),
        reason=REASON,
        put_back=one_of(False, True),
    ),
    built(CancelSessions, sessions=one_of(("2026-11-20/AM",), ("2026-11-18",)), reason=REASON),
    built(
        SetRegisterTimes,
        from_=DAY,
        am_opens="08:40",
        am_closes=one_of("08:50", "09:10"),
        pm_opens="13:50",
        pm_closes="14:00",
    ),
)
ROLL = (
    built(
        EnrolPupil,
        upn=st.integers(5, 7).map(upn),
        local_id=one_of("P5", "P6", None),
        surname="Vale",
        forename=one_of("Eve", "Fay"),
        dob=date(2014, 10, 5),
        starts_on=DAY,
        year="Y7",
        registration=GROUP,
    ),
    built(
        MovePupil,
        pupil=PUPIL,
        kind="registration",
        from_=DAY,
        to=GROUP,
        reason=one_of(None, "In it all along"),
    ),
    built(
        CorrectMove,
        pupil=PUPIL,
        kind="registration",
        from_=DAY,
        to=one_of(date(2026, 11, 18), date(2026, 11, 23)),
        reason=REASON,
    ),
    built(CorrectPupil, pupil=PUPIL, field="forename", to=one_of("Ada", "Ivy"), reason=REASON),
    built(RemovePupil, pupil=PUPIL, last_day=date(2026, 11, 27), ground="a"),
    built(RecordParent, parent_id=one_of("F1", "F2"), surname=one_of("Quill", "Reed")),
    built(RecordRelation, parent_id=one_of("F1", "F2"), pupil=PUPIL, relationship="aunt"),
)
OFFICE = (
    st.builds(
        notice,
        one_of("F1", "F2"),
        PUPIL,
        one_of((), (OLD,)),
        paid_on=one_of(None, date(2026, 11, 19)),
    ),
    built(
        ConfirmNotices,
        parent_id="F1",
        pupil=PUPIL,
        la_ref="LA/1",
        on=date(2026, 11, 19),
        notices=st.integers(0, 2),
    ),
    built(
        AddStaff, staff_id=one_of("s1", "s2", "s3"), name=REASON, job_title=one_of("Clerk", "Cook")
    ),
    built(ChangeStaff, staff_id=one_of("tt", "s1"), job_title=one_of("Clerk", "Tutor")),
    built(LeaveStaff, staff_id=one_of("tt", "s1"), last_day=DAY),
)
THEMES = {
    "registers": (*REGISTERS, *AMENDING, *PLANNING),
    "calendar": (*REGISTERS, *CALENDAR, *PLANNING),
    "roll": (*REGISTERS, *ROLL, *CALENDAR),
    "papers": (*AMENDING, *OFFICE, *ROLL),
    "all": (*REGISTERS, *AMENDING, *PLANNING, *CALENDAR, *ROLL, *OFFICE),
}
"""Few kinds at a time, so that they meet; and all."""
STOPS = one_of("decided", "decided", "reading", None)


class Attempt(NamedTuple):
    """A command that has begun: by whom, when, and after how many others had been recorded."""

    staff_id: str
    command: UseCase
    now: int
    stop: Stop
    place: int


class Record(NamedTuple):
    """A command that was recorded: by whom, and what it left in the log."""

    staff_id: str
    facts: list[Entry]

    @property
    def marks(self) -> set[str]:
        """The streams of marks that it wrote to."""
        return {fact.stream for fact in self.facts if fact.stream.startswith("mark:")}


class SideBySide(RuleBasedStateMachine):
    """Writers at one ledger, and the same commands one after another at another."""

    school: Path
    commands: st.SearchStrategy[UseCase]

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="side-by-side-"))
        self.folder, self.model = Folder(self.scratch / "ours"), Folder(self.scratch / "0")
        shutil.copytree(self.school, self.folder.path)
        shutil.copytree(self.school, self.model.path)
        self.writers = [
            Writer(self.folder, staff_id, lives=n < 2) for n, staff_id in enumerate(AT_DESKS)
        ]
        self.attempts: dict[int, Attempt] = {}
        self.history: list[Record] = []
        self.seen = self.folder.head()
        self.likeness = Likeness()
        self.now = BEGINS
        self.batches, self.leaves = [""], [""]
        self.numbers = [self.seen]

    @rule(n=st.integers(0, 3), data=st.data(), stop=STOPS)
    def begin_one(self, n: int, data: st.DataObject, stop: Stop) -> None:
        """Somebody begins a command."""
        self.begin(n, data.draw(self.commands), stop)

    def begin(self, n: int, command: UseCase, stop: Stop) -> None:
        """Let somebody who is free, or becomes so, begin a command."""
        if n in self.attempts:
            self.finish(n)
        self.now += 20 * SECOND
        writer = self.writers[n]
        attempt = Attempt(writer.staff_id, command, self.now, stop, len(self.history))
        answer = writer.begin(command, self.now, stop)
        if answer is None:
            self.attempts[n] = attempt
        else:
            self.settle(attempt, answer)

    @precondition(lambda self: len(self.batches) > 1)
    @rule(n=st.integers(0, 3), which=st.integers(0, 9), kind=st.integers(0, 2), stop=STOPS)
    def answer_request(self, n: int, which: int, kind: int, stop: Stop) -> None:
        """Somebody answers what waits for a second person."""
        batch = self.batches[1 + which % (len(self.batches) - 1)]
        make = (GiveApproval, DeclineApproval, WithdrawRequest)[kind]
        self.begin(n, make(batch=batch, reason="Seen"), stop)

    @rule(n=st.integers(0, 3), which=st.integers(0, 9), stop=STOPS)
    def put_back(self, n: int, which: int, stop: Stop) -> None:
        """Somebody puts back what a command changed, one of the last."""
        batch = str(self.numbers[-1 - which % len(self.numbers)])
        self.begin(n, PutBack(batch=batch, reason="A slip"), stop)

    @precondition(lambda self: len(self.leaves) > 1)
    @rule(n=st.integers(0, 3), which=st.integers(0, 9), kind=st.integers(0, 2), stop=STOPS)
    def decide_leave(self, n: int, which: int, kind: int, stop: Stop) -> None:
        """Somebody decides about leave that was asked for."""
        leave = self.leaves[1 + which % (len(self.leaves) - 1)]
        make = (GrantLeave, RefuseLeave, WithdrawLeave)[kind]
        self.begin(n, make(leave_id=leave, reason="A wedding"), stop)

    @precondition(lambda self: self.attempts)
    @rule(n=st.integers(0, 3))
    def finish(self, n: int) -> None:
        """One of those who were stopped goes on."""
        if n not in self.attempts:
            n = min(self.attempts)
        self.settle(self.attempts.pop(n), self.writers[n].finish())

    def settle(self, attempt: Attempt, answer: Answer) -> None:
        """Hold an answer to what is answered where nobody else writes."""
        recorded = entries(self.folder, self.seen)
        assert bool(recorded) == (answer.code == "recorded")
        if recorded:
            self.seen = recorded[-1].position
            self.check_nobody_was_overwritten(attempt, recorded)
            self.carry_out_in_model(attempt, answer, recorded)
        elif answer.code == "changed-meanwhile":
            self.check_changed_meanwhile(attempt, answer)
        else:
            places = range(attempt.place, len(self.history) + 1)
            assert answer.code in [self.probe(attempt, place)[0].code for place in places]

    def carry_out_in_model(self, attempt: Attempt, answer: Answer, ours: list[Entry]) -> None:
        """Carry a recorded command out alone; it must say the same and leave the same."""
        alone, theirs = self.probe(attempt, len(self.history))
        assert alone.code == "recorded", (attempt, alone)
        self.likeness.check(*([repr(each[1:]) for each in facts] for facts in (ours, theirs)))
        self.likeness.check([*answer.says], [*alone.says])
        self.history.append(Record(attempt.staff_id, ours))
        shutil.copytree(self.scratch / "probe", self.place(len(self.history)))
        self.numbers.append(ours[0].position)
        for _, stream, event in ours:
            if stream.startswith("leave:"):
                self.leaves.append(stream.rpartition(":")[2])
            if stream.startswith("approval:"):
                self.batches.append(event.batch)

    def place(self, count: int) -> Path:
        """Return the model's ledger after so many recorded commands."""
        return self.scratch / str(count)

    def probe(self, attempt: Attempt, place: int) -> tuple[Answer, list[Entry]]:
        """Carry a command out alone after so many others; return the answer and its facts."""
        folder = Folder(self.scratch / "probe")
        shutil.rmtree(folder.path, ignore_errors=True)
        shutil.copytree(self.place(place), folder.path)
        ids = {
            name: self.likeness.translated(value)
            for name in ("batch", "leave_id")
            if (value := getattr(attempt.command, name, None))
        }
        command = replace(attempt.command, **ids)
        operator = Operator(attempt.staff_id, "office")
        head = folder.head()
        context = Context(Ledger(folder), lambda: attempt.now, operator, watch)
        return carried_out(context, command), entries(folder, head)

    def changes(self, attempt: Attempt) -> list[tuple[Entry, set[str]]]:
        """Return the marks recorded since a command began, and whose each is.

        An amendment that was approved is whoever's asked for it, and whoever's approved it.
        """
        return [
            (fact, {record.staff_id, fact.event.by})
            for record in self.history[attempt.place :]
            for fact in record.facts
            if fact.stream in record.marks
        ]

    def aimed_at(self, attempt: Attempt) -> set[str]:
        """Return the marks that a command was going to write when it began, in our ids."""
        streams = {s for record in self.history for s in record.marks}
        _, facts = self.probe(attempt, attempt.place)
        theirs = Record(attempt.staff_id, facts).marks
        return theirs | {s for s in streams if self.likeness.translated(s) in theirs}

    def check_nobody_was_overwritten(self, attempt: Attempt, facts: list[Entry]) -> None:
        """Fail where a mark that another person changed meanwhile was changed again unawares."""
        if attempt.stop != "decided":
            return
        written = Record(attempt.staff_id, facts).marks
        changed = {
            f.stream for f, people in self.changes(attempt) if attempt.staff_id not in people
        }
        if written & changed:
            assert not written & changed & self.aimed_at(attempt), (attempt, written & changed)

    def check_changed_meanwhile(self, attempt: Attempt, answer: Answer) -> None:
        """Hold the refusal to what was changed and by whom; repeated, the command stands alone."""
        aimed, me = self.aimed_at(attempt), {attempt.staff_id}
        found = [
            (STAFF[person], fact.event.code)
            for fact, people in self.changes(attempt)
            if fact.stream in aimed
            for person in people - me
        ]
        assert found, attempt
        assert any(name in answer.says[0] and code in answer.says[0] for name, code in found)
        again = attempt._replace(stop=None, place=len(self.history))
        context = Context(
            Ledger(self.folder), lambda: again.now, Operator(again.staff_id, "office"), watch
        )
        repeated = carried_out(context, again.command)
        assert repeated.code != "changed-meanwhile"
        self.settle(again, repeated)

    def teardown(self) -> None:
        """Let everybody finish, and throw the ledgers away."""
        try:
            for n in list(self.attempts):
                self.finish(n)
        finally:
            for writer in self.writers:
                writer.close()
            shutil.rmtree(self.scratch)


@pytest.mark.parametrize("theme", THEMES)
def test_writers_at_once_leave_what_one_after_another_leaves(request, busy, theme):
    """Whatever is recorded while others decide: equal facts, equal answers, and nobody's mark
    is overwritten unawares."""
    commands = st.one_of(*THEMES[theme])
    machine = type(theme.capitalize(), (SideBySide,), {"school": busy, "commands": commands})
    examples, steps = (100, 60) if request.config.getoption("--campaign") else (4, 40)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # to make a failing schedule smaller takes minutes
            report_multiple_bugs=False,
        ),
    )
