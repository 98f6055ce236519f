"""What a system before this one decided, kept or sent, as facts that it states.

They are second-hand: told as stated wherever they are shown. What somebody here began is settled
here: a source adds nothing to a request, a policy or a register of ours.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from commands.core.ranges import Range, starting
from commands.exchange.portable.content import Content
from commands.exchange.portable.decided import (
    ApprovalRow,
    ConfirmationRow,
    ConsiderationRow,
    CorrectionRow,
    DecidedRow,
    DisclosureRow,
    LeaveRow,
    PolicyRow,
    ReturnRow,
    UncountedRow,
)
from commands.exchange.portable.rows import event_of
from commands.exchange.portable.work import Work, in_time
from ledger.errors import Refused
from ledger.events import amending, leave, streams
from ledger.events.base import SourcedEvent, in_clear
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import AlertSettled, NoticesConfirmed, PenaltyConsidered
from ledger.events.register import MarksUncounted, RegisterTaken
from ledger.events.returns import ReturnAgreed, ReturnMade
from ledger.events.roll import AdmissionAmended
from ledger.formats import fields, portable
from ledger.values import Session, parse_session
from policies.law import leave as law
from policies.packs import school as school_packs

Row = Any  # each kind reads the rows of its own file
Held = Sequence[SourcedEvent]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the rows of one file become facts.

    ``what``: as what they are counted; ``prefixes``: of the streams that they are on; ``events``:
    which of the events there they are; ``stream``: of a row and the id of its pupil, empty where
    it is about none; ``event``: of a row, which may be refused;
    ``order``: what is wrong with a fact after those of its stream; ``adds``: whether a source may
    add to a stream that somebody here wrote; ``brought_once``: whether it may not even add to what
    sources stated before; ``takes``: whether a row is one of the kind's.
    """

    what: str
    prefixes: tuple[str, ...]
    events: tuple[type[SourcedEvent], ...]
    stream: Callable[[Row, str], str]
    event: Callable[[Work, Row], SourcedEvent]
    order: Callable[[Held, SourcedEvent], Refused | None] = lambda _held, _event: None
    adds: bool = False
    brought_once: bool = False
    takes: Callable[[Row], bool] = lambda _row: True


def decision_reads(content: Content) -> Iterator[Range]:
    """Yield the streams that the facts of a folder are on."""
    for file, table in content.decided.items():
        if table.has:
            for prefix in KINDS[file].prefixes:
                yield starting(prefix)._replace(events=True)


def record_decisions(work: Work) -> None:
    """Record each fact that the ledger does not hold, file by file, in order of time."""
    for file, kind in KINDS.items():
        table = work.content.decided.get(file)
        if table is not None and table.has:
            _record(work, file, kind, [row for row in table.rows if kind.takes(row)])


def _record(work: Work, file: str, kind: Kind, rows: Iterable[DecidedRow]) -> None:
    streams_held = {s: _Stream(work, kind, s) for s in _held(work, kind)}
    for row in in_time(rows):
        found = _fact(work, file, kind, row)
        if found is not None:
            stream, event = found
            on = streams_held.get(stream) or _Stream(work, kind, stream)
            streams_held[stream] = on
            on.take(file, event)
    if work.content.whole:
        work.gone[kind.what] += sum(on.gone for on in streams_held.values())


def _held(work: Work, kind: Kind) -> list[str]:
    return [stream for stream in work.state.histories if stream.startswith(kind.prefixes)]


def _fact(work: Work, file: str, kind: Kind, row: DecidedRow) -> tuple[str, SourcedEvent] | None:
    """Return the stream and event of a row; none, and a refusal, where something is wrong."""
    if not work.check(file, row.line, _time_faults(work, file, row)):
        return None
    try:
        return kind.stream(row, _pupil(work, file, row)), kind.event(work, row)
    except _Told:
        return None
    except Refused as why:
        work.problems.refuse(file, row.line, why)
        return None


def _time_faults(work: Work, file: str, row: DecidedRow) -> Iterator[Refused | None]:
    yield fields.future_instant(row.stated, work.now, "recorded_on")
    if row.stated is None and file not in (portable.CORRECTIONS, portable.UNCOUNTED):
        yield fields.empty("recorded_on")


class _Told(Exception):  # noqa: N818 - what is wrong was told already
    """A row names somebody whom nobody knows, and that was told."""


class _Stream:
    """One stream of facts: those that the ledger holds, and those of the folder added to them."""

    def __init__(self, work: Work, kind: Kind, stream: str) -> None:
        events = work.state.histories.get(stream, ())
        self._work, self._kind, self._stream = work, kind, stream
        self._history = [each for each in events if isinstance(each, kind.events)]
        self._held = Counter(_said(work, each) for each in self._history)
        ours = any(each.row is None for each in self._history) and not kind.adds
        self._is_settled = ours or (kind.brought_once and bool(self._history))

    @property
    def gone(self) -> int:
        """How many facts a source stated, and the folder does not state any more."""
        return sum(n for (_, stated, _), n in self._held.items() if stated is not None)

    def take(self, file: str, event: SourcedEvent) -> None:
        """Record a fact that is not held, after those before it."""
        if _take(self._held, self._work, event):
            return
        if self._is_settled:
            self._work.differ(file, event.row or 0)
        elif why := self._kind.order(self._history, event):
            self._work.problems.refuse(file, event.row or 0, why)
        else:
            if isinstance(event, NoticesConfirmed):
                self._work.find_unrelated(file, event.row or 0, self._stream)
            self._work.record(self._kind.what, self._stream, event)
            self._history.append(in_clear(event))


_Statement = tuple[type[SourcedEvent], int | None, tuple[object, ...]]
_OWN_FIELDS = {"stated", "row", "seen_at", "key", "alert", "raised"}
"""What the same fact need not have in common, once it has been through a folder."""


def _said(work: Work, event: SourcedEvent) -> _Statement:
    """Return what an event states, and when; none for one that was recorded here."""
    names = [name for name in event.__struct_fields__ if name not in _OWN_FIELDS]
    stated = None if event.row is None else event.stated
    return type(event), stated, tuple(work.opened(event, names).values())


def _take(held: Counter[_Statement], work: Work, event: SourcedEvent) -> bool:
    """Tell whether an event is held, stated so or recorded here, and take it off."""
    kind, stated, said = _said(work, in_clear(event))
    for each in ((kind, stated, said), (kind, None, said)):
        if held[each]:
            held[each] -= 1
            return True
    return False


# -- whom and what a row is about ----------------------------------------------------------------


def _pupil(work: Work, file: str, row: Row) -> str:
    """Return the id of the pupil that a row is about, empty where of none; tell who is unknown."""
    upn, parent_id = (getattr(row, name, None) for name in ("upn", "parent_id"))
    known = parent_id is None or work.knows_parent(file, row.line, parent_id)
    pupil = work.pupil(file, row.line, upn) if upn is not None else None
    if not known or (upn is not None and pupil is None):
        raise _Told
    return pupil.id if pupil else ""


def _given(row: Row, *names: str) -> None:
    """Refuse a row that lacks what its kind of fact must say."""
    for name in names:
        if getattr(row, name) is None:
            raise fields.empty(name)


def _code(work: Work, code: str, session: Session) -> None:
    rule = work.code_rule(code, session)
    if isinstance(rule, Refused):
        raise rule


def _family_entry(row: CorrectionRow, pupil: str) -> str:
    parent = row.parent_id or ""
    return streams.relation(parent, pupil) if pupil else streams.parent(parent)


def _family_amended(_work: Work, row: CorrectionRow) -> SourcedEvent:
    _given(row, "reason", "by", "name", "job_title")
    return event_of(AdmissionAmended, row)


_DECIDED: Mapping[str, type[amending.RequestDecided]] = {
    "approved": amending.AmendmentApproved,
    "declined": amending.AmendmentDeclined,
    "withdrawn": amending.RequestWithdrawn,
}


def _approval_event(work: Work, row: ApprovalRow) -> SourcedEvent:
    _given(row, "name", "job_title")
    if row.step in _DECIDED:
        return event_of(_DECIDED[row.step], row)
    _given(row, "original", "code", "reason")
    _code(work, row.code or "", row.session)
    return event_of(amending.AmendmentRequested, row)


def _approval_order(held: Held, event: SourcedEvent) -> Refused | None:
    """Refuse a decision on what was not asked for, and another request while one waits."""
    last = held[-1] if held else None
    waits = isinstance(last, amending.AmendmentRequested)
    if isinstance(event, amending.AmendmentRequested) != waits:
        return None
    return Refused(
        "approval-order",
        "a request waits there already" if waits else "nothing was asked for there until then",
        "correct step, or recorded_on, which sets the order",
    )


def _policy_event(_work: Work, row: PolicyRow) -> SourcedEvent:
    _given(row, "name", "job_title")
    school_packs.read(row.text, row.policy)
    return event_of(amending.PolicyAdopted, row)


def _leave_event(work: Work, row: LeaveRow) -> SourcedEvent:
    if row.step == "requested":
        _given(row, "first", "last", "purpose", "asked_on", "asked_by")
        law.purpose(row.purpose or "", parse_session(row.first or "").date)
        return event_of(leave.LeaveRequested, row)
    _given(row, "name", "job_title", "reason")
    if row.step == "withdrawn":
        return event_of(leave.LeaveWithdrawn, row)
    if row.step == "falsified":
        return event_of(leave.LeaveFalsified, row)
    granted = row.step == "granted"
    if granted:
        _given(row, "first", "last", "code")
        _code(work, row.code or "", parse_session(row.first or ""))
        return event_of(leave.LeaveDecided, row, granted=True)
    nothing = dict.fromkeys(("first", "last", "code", "paragraph"))
    return event_of(leave.LeaveDecided, row, granted=False, **nothing)


def _leave_order(held: Held, event: SourcedEvent) -> Refused | None:
    """Refuse a step on leave that was not asked for, and a second request."""
    if isinstance(event, leave.LeaveRequested) != bool(held):
        return None
    return Refused(
        "leave-order",
        "this leave was asked for before" if held else "this leave was not asked for until then",
        "correct leave or step, or recorded_on, which sets the order",
    )


def _considered(_work: Work, row: ConsiderationRow) -> SourcedEvent:
    _given(row, "name", "job_title")
    return event_of(PenaltyConsidered, row, seen_at=0)


def _confirmed(_work: Work, row: ConfirmationRow) -> SourcedEvent:
    _given(row, "name", "job_title")
    return event_of(NoticesConfirmed, row)


def _uncounted_event(_work: Work, row: UncountedRow) -> SourcedEvent:
    if row.step == "stopped":
        return event_of(MarksUncounted, row)
    _given(row, "by", "name", "job_title")
    return event_of(AlertSettled, row, alert=0, raised=row.alert_on, outcome="dismissed")


def _uncounted_order(held: Held, event: SourcedEvent) -> Refused | None:
    """Refuse that somebody looked at what did not stop counting."""
    if not isinstance(event, AlertSettled):
        return None
    stopped = [e for e in held if isinstance(e, MarksUncounted) and e.row is not None]
    if any(each.stated == event.raised for each in stopped):
        return None
    return Refused(
        "uncounted-order",
        "no marks of the pupil stopped counting then",
        "correct alert_on: it is recorded_on of the row that says so",
    )


def _return_event(work: Work, row: ReturnRow) -> SourcedEvent:
    if row.step == "agreed":
        _given(row, "sessions", "weeks")
        return event_of(ReturnAgreed, row, since=row.on)
    _given(row, "name", "job_title")
    pupils = [work.pupil(portable.RETURNS, row.line, upn) for upn in row.upns]
    if None in pupils:
        raise _Told
    return event_of(ReturnMade, row, pupils=tuple(sorted({p.id for p in pupils if p})))


def _disclosed(_work: Work, row: DisclosureRow) -> SourcedEvent:
    _given(row, "name", "job_title")
    return event_of(Disclosed, row, seen_at=0)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        # Those of pupils are told with the pupils themselves, whose details they change.
        portable.CORRECTIONS: Kind(
            "amendments of the admission register",
            (streams.PARENT, streams.RELATION),
            (AdmissionAmended,),
            _family_entry,
            _family_amended,
            adds=True,
            takes=lambda row: row.parent_id is not None,
        ),
        portable.REGISTERS: Kind(
            "registers taken",
            (streams.REGISTER,),
            (RegisterTaken,),
            lambda row, _: streams.register(row.group, Session(row.date, row.half)),
            lambda _, row: event_of(RegisterTaken, row),
        ),
        portable.EVIDENCE: Kind(
            "pieces of evidence",
            (streams.EVIDENCE,),
            (amending.EvidenceGiven,),
            lambda row, pupil: streams.evidence(pupil, row.batch),
            lambda _, row: event_of(amending.EvidenceGiven, row),
        ),
        portable.APPROVALS: Kind(
            "steps of approvals",
            (streams.APPROVAL,),
            (amending.AmendmentRequested, amending.RequestDecided),
            lambda row, pupil: streams.approval(pupil, row.session),
            _approval_event,
            _approval_order,
        ),
        portable.POLICIES: Kind(
            "policies",
            (streams.POLICY,),
            (amending.PolicyAdopted,),
            lambda *_: streams.policy(),
            _policy_event,
            brought_once=True,
        ),
        portable.LEAVE: Kind(
            "steps of leave",
            (streams.LEAVE,),
            (leave.LeaveRequested, leave.LeaveDecided, leave.LeaveWithdrawn, leave.LeaveFalsified),
            lambda row, pupil: streams.leave(pupil, row.leave),
            _leave_event,
            _leave_order,
        ),
        portable.CONSIDERATIONS: Kind(
            "considerations",
            (streams.PENALTY,),
            (PenaltyConsidered,),
            lambda _, pupil: streams.penalty(pupil),
            _considered,
            adds=True,
        ),
        portable.CONFIRMATIONS: Kind(
            "confirmations",
            (streams.NOTICES,),
            (NoticesConfirmed,),
            lambda row, pupil: streams.notices(row.parent_id, pupil),
            _confirmed,
            adds=True,
        ),
        portable.RETURNS: Kind(
            "returns",
            (streams.RETURNS,),
            (ReturnAgreed, ReturnMade),
            lambda row, _: streams.returns(row.kind),
            _return_event,
        ),
        portable.DISCLOSURES: Kind(
            "disclosures",
            (streams.DISCLOSURE,),
            (Disclosed,),
            lambda _, pupil: streams.disclosure(pupil or None),
            _disclosed,
            adds=True,
        ),
        portable.UNCOUNTED: Kind(
            "accounts of marks that stopped counting",
            (streams.UNCOUNTED,),
            (MarksUncounted, AlertSettled),
            lambda _, pupil: streams.uncounted(pupil),
            _uncounted_event,
            _uncounted_order,
            adds=True,
        ),
    }
)
"""File -> how its rows become facts."""
