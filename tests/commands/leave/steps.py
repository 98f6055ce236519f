"""Requests for leave, made and decided at a desk."""

from commands.leave.decide import GrantLeave, RefuseLeave
from commands.leave.end import FalsifyLeave, WithdrawLeave
from commands.leave.request import RequestLeave
from commands.school.school import SetSchool
from tests.commands.conftest import Desk

WEEK = ("2026-11-23", "2026-11-27")


def request(first=WEEK[0], last=WEEK[1], **fields) -> RequestLeave:
    """Return a request: a holiday, asked for by the mother on 19 November 2026."""
    given = {"pupil": "P1", "purpose": "holiday", "asked_by": "Una Quill (mother)"}
    asked_on = str(fields.pop("asked_on", "2026-11-19"))
    return RequestLeave(from_=first, to_=last, asked_on=asked_on, **(given | fields))


def ask(desk: Desk, first=WEEK[0], last=WEEK[1], **fields) -> str:
    """Record a request; return its id."""
    [(stream, _)] = desk.recorded(request(first, last, **fields))
    return stream.split(":")[2]


def grant(leave_id: str, **fields) -> GrantLeave:
    """Return a grant of all that was asked for."""
    return GrantLeave(leave_id=leave_id, **({"reason": "A wedding"} | fields))


def refuse(leave_id: str, **fields) -> RefuseLeave:
    """Return a refusal."""
    return RefuseLeave(leave_id=leave_id, **({"reason": "Not exceptional"} | fields))


def withdraw(leave_id: str, **fields) -> WithdrawLeave:
    """Return a withdrawal."""
    return WithdrawLeave(leave_id=leave_id, **({"reason": "Not travelling"} | fields))


def falsify(leave_id: str, **fields) -> FalsifyLeave:
    """Return a finding that leave was obtained falsely."""
    return FalsifyLeave(leave_id=leave_id, **({"reason": "Seen abroad"} | fields))


def ask_and_grant(desk: Desk, first=WEEK[0], last=WEEK[1], **fields) -> str:
    """Record a request and grant it, by the head; return its id."""
    leave_id = ask(desk, first, last, **fields)
    head(desk).do(grant(leave_id))
    return leave_id


def head(desk: Desk) -> Desk:
    """Return the desk with the head at it, who decides on leave."""
    return desk.by("head")


def bound(desk: Desk) -> Desk:
    """Make the school one that regulation 11 binds."""
    desk.do(SetSchool(type="maintained"))
    return desk


def sessions_of(recorded, kind: str) -> list[str]:
    """Return the sessions of what was recorded on streams of a kind (``plan``, ``mark``)."""
    return [stream.split(":")[2] for stream, _ in recorded if stream.startswith(f"{kind}:")]


def plans(desk: Desk, pupil: str = "P1") -> dict[str, str | None]:
    """Return what stands planned for a pupil, by session; none where it was withdrawn."""
    prefix, found = f"plan:{desk.id(pupil)}:", {}
    for _, stream, event in desk.log():
        if stream.startswith(prefix):
            found[stream.removeprefix(prefix)] = getattr(event, "code", None)
    return found


def both(*days: str) -> list[str]:
    """Return the sessions of whole days."""
    return [f"{day}/{half}" for day in days for half in ("AM", "PM")]
