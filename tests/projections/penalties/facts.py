"""What tests of notices and alerts record: entries amended, days that do not count, alerts."""

from datetime import date

from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.calendar import SessionsClosed, TermSet
from ledger.events.penalties import CaseUndercut, UndercutPaper
from ledger.events.register import MarkAmended
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn
from ledger.store.facts import Fact
from tests.projections.ledgers import on_mark

BY = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
OFFICER = {
    "name": "Mrs Register",
    "job_title": "Officer",
    "authenticated": "operating-system account; name as stated",
}


def amended(session, code="I", original="O", **more):
    """An amendment by Mrs Register, or by whom it is said."""
    event = MarkAmended(original=original, code=code, **{"reason": "letter", **BY, **more})
    return on_mark("ann", session, event)


def imported(session, original, code, **more):
    """An amendment of which a source names nobody."""
    return on_mark("ann", session, MarkAmended(original=original, code=code, **more))


def asked(session, pupil="ann", **more):
    """An amendment that a second person has to approve."""
    given = {"batch": "b1", "original": "O", "code": "I", "reason": "r", "grounds": ("late",)}
    event = AmendmentRequested(**{**given, **BY, **more})
    return Fact(streams.approval(pupil, session), event)


def closed(day, kind=SessionsClosed, **more):
    """A closure, a cancellation, or that it is withdrawn."""
    return Fact(streams.CALENDAR, kind(date=day, **more))


def autumn(first):
    """The first term of the autumn, from another day."""
    return Fact(streams.CALENDAR, TermSet(name="Autumn 1", first=first, last=date(2025, 10, 24)))


def born(cohort, compulsory_from, reason):
    """A birth date corrected."""
    event = DetailsAmended(
        field="dob", original="a", amended="b", birth_cohort=cohort,
        compulsory_from=compulsory_from, reason=reason, **BY,
    )  # fmt: skip
    return Fact(streams.pupil("ann"), event)


def withdrawn(reason="a duplicate"):
    """The record withdrawn."""
    event = EnrolmentWithdrawn(starts_on=date(2025, 6, 2), survivor="bob", reason=reason, **BY)
    return Fact(streams.pupil("ann"), event)


def paper(kind="notice", ref="a1 2025-10-02", before=10, after=9):
    """A paper of an alert: a notice of Ann's, unless another is named."""
    return UndercutPaper(kind=kind, ref=ref, before=before, after=after)


def undercut(*papers, sessions=("2025-09-08/AM O>I",)):
    """An alert about papers."""
    event = CaseUndercut(papers=papers or (paper(),), sessions=sessions)
    return Fact(streams.undercut("ann"), event)
