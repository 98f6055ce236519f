"""Rows of what was decided, kept or sent, one a fact: by whom, as they were called, and when."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.clock import iso
from ledger.formats.portable import (
    APPROVALS,
    CONFIRMATIONS,
    CONSIDERATIONS,
    CORRECTIONS,
    DISCLOSURES,
    EVIDENCE,
    LEAVE,
    LIST_SEPARATOR,
    POLICIES,
    REGISTERS,
    RETURNS,
    UNCOUNTED,
)
from projections.exports.people import People
from projections.readmodel.record import Versioned
from projections.readmodel.records.amending import AdoptedPolicy, Evidence, Request
from projections.readmodel.records.disclosure import Disclosure, ReturnFigure, ReturnMade
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.penalties import AlertSettlement, Confirmation, Consideration
from projections.readmodel.records.register import RegisterTaken, Uncounted
from projections.readmodel.records.roll import AdmissionAmendment

Columns = Mapping[str, object]


class Told(NamedTuple):
    """Records of a class, and the columns that they do not name as a file does."""

    record: type[Versioned]
    columns: Callable[[People, Any], Columns] = lambda _people, _each: {}
    takes: Callable[[People, Any], bool] = lambda _people, _each: True


def _place(session: str) -> Columns:
    day, half = session.split("/")
    return {"date": day, "session": half}


def _amended(people: People, each: AdmissionAmendment) -> Columns:
    texts = {name: people.view.open(getattr(each, name)) for name in ("original", "amended")}
    return {"parent_id": each.parent, **texts}


def _taken(_: People, each: RegisterTaken) -> Columns:
    opened = iso(each.opened) if each.opened else ""
    named = {"group": each.grp, "taken_by": each.by, "opened": opened, "ended": iso(each.ended)}
    return {**_place(each.session), **named}


def _request(people: People, each: Request) -> Columns:
    """Tell a request, or what became of it: each is a version of one record."""
    place = _place(each.session)
    if each.decision is None:
        return {**place, "step": "requested"}
    open_text = people.view.open
    return {
        **place,
        "step": each.decision,
        "reason": open_text(each.decided_reason),
        "by": each.decided_by,
        "name": open_text(each.decided_name),
        "job_title": open_text(each.decided_title),
    }


def _return_made(people: People, each: ReturnMade) -> Columns:
    upns = sorted(people.upns[index] for index in each.about if index in people.upns)
    return {"step": "made", "on": each.on_date, "upns": LIST_SEPARATOR.join(upns)}


def _agreed(_: People, each: ReturnFigure) -> Columns:
    return {"kind": "attendance", "step": "agreed", "on": each.since}


def _disclosed(people: People, each: Disclosure) -> Columns:
    return {"to": people.view.open(each.recipient), "on": each.on_date}


def _stopped(people: People, each: AlertSettlement) -> list[Uncounted]:
    return people.view.ever(Uncounted, alert=each.alert)


def _dismissed(people: People, each: AlertSettlement) -> Columns:
    """Tell that somebody looked at marks which stopped counting, found by their time."""
    [stopped] = _stopped(people, each)
    nothing = dict.fromkeys(("sessions", "of_age", "peak_before", "peak_after"), "")
    at = iso(stopped.sf) if stopped.sf else ""
    return {"step": each.outcome, "alert_on": at, **nothing}


SOURCES: Mapping[str, tuple[Told, ...]] = MappingProxyType(
    {
        CORRECTIONS: (Told(AdmissionAmendment, _amended),),
        REGISTERS: (Told(RegisterTaken, _taken),),
        EVIDENCE: (Told(Evidence, lambda _, each: {"given_by": each.by}),),
        APPROVALS: (Told(Request, _request),),
        POLICIES: (Told(AdoptedPolicy),),
        LEAVE: (Told(LeaveAsked, lambda *_: {"step": "requested"}), Told(LeaveStep)),
        CONSIDERATIONS: (Told(Consideration, lambda _, each: {"count": each.counted}),),
        CONFIRMATIONS: (Told(Confirmation),),
        RETURNS: (Told(ReturnFigure, _agreed), Told(ReturnMade, _return_made)),
        DISCLOSURES: (Told(Disclosure, _disclosed),),
        UNCOUNTED: (
            Told(Uncounted, lambda *_: {"step": "stopped", "alert_on": ""}),
            Told(AlertSettlement, _dismissed, lambda *of: bool(_stopped(*of))),
        ),
    }
)
"""File -> the records that its rows are of."""
