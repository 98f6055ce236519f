"""Random terms of a small school, exported and imported into an empty ledger: the same answers.

Each term is a few dozen commands of every kind, by whoever may give them, on days that pass; what
a command refuses is no part of it. The answers are asked of both ledgers by the times stated, as
known now and at random moments.
"""

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from commands.amending.amend import AmendMarks
from commands.amending.approvals import DeclineApproval, GiveApproval, WithdrawRequest
from commands.amending.policy import AdoptPolicy
from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.calendar.terms import SetRegisterTimes, SetTerm
from commands.casework.steps import AddStep, CloseStep, CorrectStep, ReviewStep
from commands.core.command import Command
from commands.disclosure.disclosures import RecordDisclosure
from commands.exchange.importing import ImportPortable
from commands.leave.decide import GrantLeave, RefuseLeave
from commands.leave.end import FalsifyLeave, WithdrawLeave
from commands.leave.request import RequestLeave
from commands.penalties.alerts import DismissAlert
from commands.penalties.consider import ConsiderPenalty
from commands.penalties.notices import ConfirmNotices, RecordNotice
from commands.register.entries import Row
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession, TakeRegister
from commands.returns.returns import AgreeReturn, MakeReturn
from commands.roll.correct import CorrectPupil
from commands.roll.enrol import MovePupil
from commands.roll.families import RecordParent, RecordRelation
from commands.school.school import CreateLedger, SetSchool
from commands.school.staff import AddStaff, ChangeStaff
from ledger.clock import iso, local_date, parse_instant
from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.values import parse_session
from projections.amending.approvals import Approvals
from projections.amending.evidence import Evidence
from projections.amending.policy import PolicyInForce
from projections.audit.audit import Audit
from projections.casework.chronology import Casework
from projections.disclosure.disclosures import Disclosures
from projections.exports.portable import ExportPortable
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.figures.unresolved import Unresolved
from projections.history.changes import Changes
from projections.history.history import History
from projections.leave.leave import LeaveOfAbsence
from projections.leave.requests import requests
from projections.penalties.alerts import Alerts
from projections.penalties.notices import Notices
from projections.penalties.penalties import Penalties
from projections.queries.view import open_view
from projections.register.registers import Registers
from projections.returns.returns import Returns
from projections.roll.admission import Admission
from tests.commands.conftest import BUILT_AT, Desk, built, upn

__all__ = ["built"]

HOUR = 3_600_000_000
PUPILS = ("P1", "P2", "P3", "P4")
PARENTS = ("M1", "F1")
CODES = ("/", "N", "O", "U", "G", "I", "M", "L", "C", "V")
FIRST = date(2026, 11, 2)
NEVER_ALIKE = {
    *("as_of", "position", "positions", "recorded_at", "seen_at", "decided_position", "batches"),
    *(
        "corrects",
        "authenticated",
        "source",
        "sources",
        "stated_at",
        "batch_number",
        "imported_by",
    ),
}
"""Where and when a ledger recorded something, and that a copy says of all that it is stated."""


@dataclass
class Term:
    """A school in the making: its ledger, the day it is, and what it may yet decide."""

    desk: Desk
    chance: random.Random

    def day(self, back: int = 12) -> date:
        """Return a day of the last fortnight, weekends too."""
        return local_date(self.desk.now) - timedelta(days=self.chance.randrange(back))

    def session(self) -> str:
        """Return a session of those days."""
        return f"{self.day()}/{self.chance.choice(('AM', 'PM'))}"

    def pupil(self) -> str:
        return self.chance.choice(PUPILS)

    def parent(self) -> str:
        return self.chance.choice(PARENTS)

    def code(self) -> str:
        return self.chance.choice(CODES)

    def leave(self) -> str:
        """Return the id of a request for leave; of none where there is none."""
        with open_view(self.desk.folder, Rates(), lambda: self.desk.now) as view:
            found = [each.asked.leave for each in requests(view)]
        return self.chance.choice(found or ["none"])

    def step(self) -> int:
        """Return the number of a step with a family; 1 where there is none."""
        with open_view(self.desk.folder, Rates(), lambda: self.desk.now) as view:
            found = Casework().find(view).steps
        return self.chance.choice([each.version.line for each in found] or [1])

    def batch(self) -> str:
        """Return a batch that waits for approval; none where none does."""
        with open_view(self.desk.folder, Rates(), lambda: self.desk.now) as view:
            waiting = Approvals().find(view)
        return self.chance.choice([each.request.batch for each in waiting] or ["none"])


Making = Callable[[Term], Command]


def _take(term: Term) -> Command:
    session = parse_session(term.session())
    rows = tuple(Row(n, upn(n), term.code()) for n in (1, 2))
    return TakeRegister(group="7A", session=session, rows=rows, ended=term.desk.now)


def _mark(term: Term) -> Command:
    return MarkSession(
        pupil=term.pupil(), session=parse_session(term.session()), code=term.code(), reason="Seen"
    )


def _amend(term: Term) -> Command:
    note = term.chance.choice((None, "A letter"))
    first, code = FIRST + timedelta(days=term.chance.randrange(9)), term.chance.choice("OGIM")
    return AmendMarks(
        pupil=term.pupil(), from_=str(first), to_=str(first + timedelta(days=4)), code=code,
        reason="Rang", evidence_note=note,
    )  # fmt: skip


def _plan(term: Term) -> Command:
    at = parse_session(f"{term.day() + timedelta(days=20)}/AM")
    pupil = term.pupil()
    return term.chance.choice((
        PlanAbsence(pupil=pupil, session=at, code="M", reason="Dentist"),
        ChangePlan(pupil=pupil, session=at, code="C", reason="Moved"),
        WithdrawPlan(pupil=pupil, session=at, reason="Off"),
    ))  # fmt: skip


def _closure(term: Term) -> Command:
    day, group = term.day() + timedelta(days=20), term.chance.choice(((), ("7A",)))
    return term.chance.choice((
        AddClosure(day=day, group=group, reason="Poll"),
        WithdrawClosure(day=day, group=group, reason="None"),
    ))  # fmt: skip


def _cancel(term: Term) -> Command:
    group = term.chance.choice(((), ("7A",), ("7B",)))
    return CancelSessions(sessions=(term.session(),), group=group, reason="Snow")


def _ask_leave(term: Term) -> Command:
    day = term.day()
    return RequestLeave(
        pupil=term.pupil(), from_=str(day + timedelta(days=20)), to_=str(day + timedelta(days=22)),
        purpose="exceptional", asked_by="Mother", asked_on=str(day), reason="A wedding",
    )  # fmt: skip


def _decide_leave(term: Term) -> Command:
    leave = term.leave()
    return term.chance.choice((
        GrantLeave(leave_id=leave, reason="As asked", letter_on=term.day()),
        RefuseLeave(leave_id=leave, reason="No exception"),
        WithdrawLeave(leave_id=leave, reason="Not now"),
        FalsifyLeave(leave_id=leave, reason="Seen", code="O"),
    ))  # fmt: skip


def _decide_amendment(term: Term) -> Command:
    batch = term.batch()
    return term.chance.choice((
        GiveApproval(batch=batch, reason="Yes"),
        DeclineApproval(batch=batch, reason="No"),
        WithdrawRequest(batch=batch, reason="A slip"),
    ))  # fmt: skip


def _consider(term: Term) -> Command:
    decision = term.chance.choice(("refer", "issue", "not-now", "no-discretion"))
    return ConsiderPenalty(pupil=term.pupil(), decision=decision, reason="All of it")


def _notice(term: Term) -> Command:
    return RecordNotice(
        parent_id=term.parent(), pupil=term.pupil(), kind="s444A", issued_on=term.day(4),
        offence_first=FIRST, offence_last=FIRST + timedelta(days=4),
        paid_on=term.chance.choice((None, local_date(term.desk.now))),
    )  # fmt: skip


def _confirm(term: Term) -> Command:
    count = term.chance.randrange(3)
    return ConfirmNotices(
        parent_id=term.parent(), pupil=term.pupil(), la_ref="LA/1", on=term.day(), notices=count
    )


def _step(term: Term) -> Command:
    kind, outcome = term.chance.choice((
        ("call", "no answer"), ("attendance-meeting", "agreed"),
        ("conversation", "nothing agreed"),
    ))  # fmt: skip
    at = term.chance.choice((None, "09:40", "14:05"))
    with_, answers = term.chance.choice((("mother", None), ("Ms Par", "attendance.below_93")))
    return AddStep(
        pupil=term.pupil(), kind=kind, outcome=outcome, on=term.day(), at=at, with_=with_,
        answers=answers, parent=term.chance.choice((None, *PARENTS)),
    )  # fmt: skip


def _agree(term: Term) -> Command:
    day = term.day()
    return AddStep(
        pupil=term.pupil(), kind="attendance-contract", on=day, with_="mother", outcome="signed",
        from_=day, to_=day + timedelta(days=28), next_review=day + timedelta(days=14),
        say=("signed-by=mother and head",), session=("Mon AM", "Tue PM"),
    )  # fmt: skip


def _on_a_step(term: Term) -> Command:
    entry, day = term.step(), term.day()
    later = term.chance.choice((None, day + timedelta(days=7)))
    return term.chance.choice((
        ReviewStep(entry=entry, on=day, outcome="partly kept", next_review=later),
        CloseStep(entry=entry, on=day, outcome="ended"),
        CorrectStep(entry=entry, on=day, notes="Read again", reason="A slip"),
    ))  # fmt: skip


def _return(term: Term) -> Command:
    if term.chance.random() < 0.4:
        return AgreeReturn(sessions=term.chance.randrange(5, 12), weeks=10, from_=term.day())
    pupils = tuple(term.chance.sample(PUPILS, term.chance.randrange(3)))
    return MakeReturn(kind="attendance", on=term.day(), pupil=pupils)


def _disclose(term: Term) -> Command:
    return RecordDisclosure(
        kind="letter", to="Home", what="A letter", pupil=(term.pupil(),), first=FIRST,
        last=local_date(term.desk.now),
    )  # fmt: skip


def _correct(term: Term) -> Command:
    field, to = term.chance.choice((
        ("surname", f"Quill{term.chance.randrange(3)}"), ("address", "1 New Road"),
        ("dob", "2014-08-31"), ("dob", "2014-10-02"), ("boarder", "yes"), ("boarder", "no"),
        ("upn", upn(term.chance.randrange(20, 40))),
    ))  # fmt: skip
    return CorrectPupil(pupil=term.pupil(), field=field, to=to, reason="Certificate seen")


def _move(term: Term) -> Command:
    to = term.chance.choice(("7A", "7B"))
    return MovePupil(
        pupil=term.pupil(), kind="registration", from_=term.day(), to=to, reason="Moved"
    )


def _family(term: Term) -> Command:
    parent, reason = term.parent(), "Told"
    return term.chance.choice((
        RecordParent(
            parent_id=parent, surname=f"Par{term.chance.randrange(3)}",
            phone=term.chance.choice(("", "0191 498 0000")), reason=reason,
        ),
        RecordRelation(
            parent_id=parent, pupil=term.pupil(), relationship="mother",
            parental_responsibility=term.chance.choice(("yes", "no")), reason=reason,
        ),
    ))  # fmt: skip


def _school(term: Term) -> Command:
    n = term.chance.randrange(3)
    hours = {
        "am_opens": "08:45",
        "am_closes": f"08:5{n}",
        "pm_opens": "13:50",
        "pm_closes": "14:00",
    }
    return term.chance.choice((
        SetTerm(name="Autumn 2", first=FIRST, last=date(2026, 12, 18 - n)),
        SetRegisterTimes(from_=term.day(), **hours),
        SetSchool(name=f"Example {n} High"),
        AddStaff(staff_id="tt", name="Tess Teach", job_title="Teacher"),
        ChangeStaff(staff_id="mm", name=None, job_title=f"Officer {term.chance.randrange(3)}"),
    ))  # fmt: skip


MAKINGS: tuple[tuple[Making, int], ...] = (
    (_take, 5), (_mark, 4), (_amend, 7), (_plan, 2), (_closure, 2), (_cancel, 2), (_ask_leave, 3),
    (_decide_leave, 4), (_decide_amendment, 3), (_consider, 2), (_notice, 2), (_confirm, 2),
    (_step, 3), (_agree, 2), (_on_a_step, 4), (_return, 2), (_disclose, 2), (_correct, 2),
    (_move, 2), (_family, 3), (_school, 4),
)  # fmt: skip


def made(desk: Desk, chance: random.Random) -> list[int]:
    """Let a school live for some weeks; return the instants at which something was recorded."""
    term, times = Term(desk, chance), []
    desk.at(f"{FIRST}T08:00")
    if chance.random() < 0.7:
        desk.by("head").do(AdoptPolicy(policy="second-person", from_=FIRST).load(sys.stdin))
    for parent in PARENTS:
        desk.do(RecordParent(parent_id=parent, surname="Par"))
        for pupil in PUPILS:
            desk.do(RecordRelation(parent_id=parent, pupil=pupil, relationship="mother"))
    for back in range(10):
        day = FIRST + timedelta(days=back + 2 * (back > 4))
        desk.at(f"{day}T08:50")
        codes = chance.choices(CODES[:6], k=2)
        rows = tuple(Row(n, upn(n), code) for n, code in enumerate(codes, start=1))
        desk.do(TakeRegister(group="7A", session=parse_session(f"{day}/AM"), rows=rows))
        times.append(desk.now)
    makings, weights = zip(*MAKINGS, strict=True)
    for making in chance.choices(makings, weights, k=45):
        desk.now += chance.randrange(1, 30) * HOUR // 3 + chance.randrange(HOUR)
        try:
            desk.by(chance.choice(("head", "head", "mm"))).do(making(term))
        except Refused:
            continue
        times.append(desk.now)
    return times


def questions(chance: random.Random, times: list[int]) -> Iterator[Any]:
    """Yield questions by the times stated: as known now, and at moments that were."""
    moments = [parse_instant(BUILT_AT), *chance.sample(times, min(3, len(times)))]
    for at in (None, *(min(each + chance.choice((-1, 0, 1)), times[-1]) for each in moments)):
        known: dict[str, Any] = {"clock": "source", "known_at": at and iso(at)}
        yield Rates(**known)
        yield Rates(by="registration", membership="session", **known)
        yield PersistentAbsence(all_=True, **known)
        yield Penalties(at_least=1, **known)
        yield Penalties(at_least=1, not_considered=True, window="current", **known)
        yield Changes(**known)
        yield from (History(who=pupil, **known) for pupil in PUPILS)
        yield LeaveOfAbsence(**known)
        yield Notices(**known)
        yield Approvals(all_=True, **known)
        yield Evidence(**known)
        yield PolicyInForce(**known)
        yield Registers(**known)
        yield Returns(kind="attendance", **known)
        yield Disclosures(**known)
        yield Admission(**known)
        yield Unresolved(**known)
        yield Casework(**known)


def answer(folder: Folder, now: int, question: Any) -> Any:
    """Return what a ledger answers, without what two ledgers cannot have in common."""
    with open_view(folder, question, lambda: now) as view:
        found = _alike(question.answer(view).document)
    for each in found.get("uncounted", ()):
        del each["by"]  # who recorded the closure or the move: in a copy, who imported it
    return found


def _alike(found: Any) -> Any:
    if isinstance(found, dict):
        return {n: _alike(each) for n, each in found.items() if n not in NEVER_ALIKE}
    return [_alike(each) for each in found] if isinstance(found, list) else found


def copied(desk: Desk, path: Path) -> Desk:
    """Return a ledger that holds an export of another and nothing else."""
    out = ExportPortable(path=path / "out")
    with open_view(desk.folder, out, lambda: desk.now) as view:
        document = out.answer(view).document
    assert document["rows_left_out"] == []
    copy = Desk(Folder(path / "copy"), desk.now, None)
    CreateLedger().carry_out(copy.context)
    copy.do(ImportPortable(path=path / "out").load(sys.stdin))
    head = copy.folder.head()
    copy.do(ImportPortable(path=path / "out").load(sys.stdin))
    assert copy.folder.head() == head
    return copy


def test_the_entry_of_a_cancelled_session_is_told_with_what_it_follows_from(built, tmp_path):
    """Who came to the group later counts with it, is shown with it, and so in a copy."""
    shutil.copytree(built, tmp_path / "ledger")
    desk = Desk(Folder(tmp_path / "ledger"), 0).at("2026-11-05T14:00")
    day, group = date(2026, 11, 4), "7B"
    desk.do(CancelSessions(sessions=(f"{day}/PM",), group=(group,), reason="Flood"))
    desk.at("2026-11-06T09:00")
    desk.do(MovePupil(pupil="P1", kind="registration", from_=day, to=group))
    for ledger in (desk, copied(desk, tmp_path)):
        rates = Rates(pupil="P1", clock="source")
        [counted] = answer(ledger.folder, desk.now, rates)["rows"]
        assert counted["codes"] == {"Y4": 1}
        for session in (None, f"{day}/PM"):
            told = History(who="P1", session=session, clock="source")
            [row] = answer(ledger.folder, desk.now, told)["rows"]
            assert (row["session"], row["version"], row["kind"]) == (f"{day}/PM", 1, "entry")
            assert (row["code"], row["reason"]) == ("Y4", "session cancelled: Flood")
        other = History(who="P1", session=f"{day}/AM", clock="source")
        assert answer(ledger.folder, desk.now, other)["rows"] == []
        known = History(who="P1", clock="source", known_at="2026-11-06T08:59:59")
        assert answer(ledger.folder, desk.now, known)["rows"] == []


def test_marks_that_stopped_counting_and_who_looked_are_the_same_in_a_copy(built, tmp_path):
    """By whom, why and when; what was dismissed stays so, and is not dismissed again."""
    shutil.copytree(built, tmp_path / "ledger")
    desk = Desk(Folder(tmp_path / "ledger"), 0).at("2026-11-05T14:00").by("head")
    day = date(2026, 11, 4)
    for half in ("AM", "PM"):
        desk.mark("P1", f"{day}/{half}", "O", reason="Seen")
    desk.do(CancelSessions(sessions=(f"{day}/PM",), group=("7B",), reason="Flood"))
    desk.at("2026-11-06T09:00")
    moved = MovePupil(pupil="P1", kind="registration", from_=day, to="7B", reason="Told late")
    desk.do(moved)
    alert = desk.folder.head()
    desk.at("2026-11-06T10:00").do(DismissAlert(alert=alert, reason="Seen with the head"))
    desk.at("2026-11-06T11:00").mark("P1", "2026-11-05/AM", "O", reason="Seen")
    copy = copied(desk, tmp_path)
    for hour, states in (("08", []), ("09", ["open"]), ("10", ["dismissed"])):
        question = Alerts(all_=True, clock="source", known_at=f"2026-11-06T{hour}:30")
        ours, theirs = (answer(each.folder, desk.now, question)["rows"] for each in (desk, copy))
        for row in (*ours, *theirs):
            del row["cause"], row["alert"]  # the command here; in the copy, that it was imported
        assert theirs == ours
        assert [row["state"] for row in ours] == states
    for question in (Changes(clock="source"), History(who="P1", clock="source"), Audit()):
        ours, theirs = (answer(each.folder, desk.now, question) for each in (desk, copy))
        assert theirs == ours, question
    [row] = answer(copy.folder, desk.now, Alerts(all_=True))["rows"]
    copy.by("head").refused(DismissAlert(alert=row["alert"], reason="Again"), "alert-settled")


def test_a_copy_gives_the_same_answers(built, tmp_path, pytestconfig):
    """4 random terms; 1,000 with ``--campaign``."""
    for seed in range(1000 if pytestconfig.getoption("campaign") else 4):
        check(built, tmp_path / str(seed), seed)


def check(built: Path, path: Path, seed: int) -> None:
    """Compare every answer of one random term with its copy's."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    shutil.copytree(built, path / "ledger")
    desk = Desk(Folder(path / "ledger"), 0)
    times = made(desk, chance)
    copy = copied(desk, path)
    for question in questions(chance, times):
        ours, theirs = (answer(each.folder, desk.now, question) for each in (desk, copy))
        assert theirs == ours, (seed, question)
    shutil.rmtree(path)
