"""Records of looks: a copy of what is held about a pupil, and the names in an audit.

Both are recorded before they are answered, by the questions `subject-access` and `audit --names`;
neither is a command of its own. Statistics of amendments watch employees, so whoever looks at
names is on record too (ICO, Monitoring workers, 2023).
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from commands.core import checks, families
from commands.core.command import Author, Decision, State, UseCase, decided, hidden, option
from commands.core.ranges import Range, one
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.disclosure import Disclosed, NamesShown
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from policies.law.disclosure import (
    NamesLookedUp,
    OnRecord,
    barring_flag,
    is_entitled,
)
from policies.packs.codes import Rules


class CopyForSubject(UseCase):
    """To whom and by what right, of which days, up to which position, who reviewed free text."""

    act = "subject-access"

    pupil: str = option("UPN or local id")
    to: str = option("to whom", kept=names.name)
    parent: str | None = option("the id of the parent who asks", default=None)
    first: date | None = option("first day", default=None)
    last: date | None = option("last day", default=None)
    seen_at: int | None = option("position", default=None)
    asked_on: date | None = option("the day on which it was asked for", default=None)
    review: str | None = option("the staff id of who reviewed the free text", default=None)
    authority: str | None = option("on what authority somebody else asks", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who gives it, who reviewed it, the pupil and the parents: what its record says."""
        pupil = state.pupil(self.pupil)
        yield from (state.own_row, one(streams.pupil(pupil.id)))
        yield from families.relation_reads(state, pupil)
        if self.review is not None:
            yield one(streams.staff(self.review.strip()))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the copy, or refuse somebody to whom none may be given."""
        author, to, today = state.author(now), _recipient(self.to), local_date(now)
        pupil = state.pupil(self.pupil)
        if self.asked_on is not None and self.asked_on > today:
            raise Refused("asked-future", f"{self.asked_on} has not come yet", "check --asked-on")
        if self.parent is not None:
            _check_parent(state, pupil, self.parent, today)
            if self.authority is None:
                _check_same(state, self.parent, to)
        _check_named(state, pupil, to)
        what = "copy of what the register holds"
        if self.authority is not None:
            what = f"{what}, on the authority: {checks.required_text(self.authority, 'authority')}"
        else:
            _check_right(state, pupil, self.parent, to)
        if self.review is not None:
            by = _reviewer(state, self.review, today)
            what = f"{what}, with free text (reviewed by {by.name}, {by.job_title}, {by.staff_id})"
        event = Disclosed(
            kind="subject-access",
            to=to if self.parent is None else f"{to} (parent {self.parent})",
            what=what,
            on=today,
            first=self.first or min(pupil.spells, default=today),
            last=self.last or today,
            seen_at=state.position if self.seen_at is None else self.seen_at,
            **author.fields,
        )
        return decided([Fact(streams.disclosure(pupil.id), event)])


class ShowNames(UseCase):
    """Names of staff and pupils are shown in an audit, for a reason."""

    act = "audit --names"

    reason: str = hidden()

    def reads(self, state: State) -> Iterable[Range]:
        """Name who looks; each look stands by itself."""
        return (state.own_row,)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record each look; the same reason again is another look."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        shown = NamesShown(reason=reason, seen_at=state.position, **author.fields)
        return decided(
            [Fact(streams.audit(), shown)], "recorded that names were looked up, and why"
        )


def _recipient(to: str) -> str:
    name = to.strip()
    if not checks.is_visible(name):
        raise Refused("for-missing", "it is not said for whom the copy is", "say it with --for")
    return name


def _reviewer(state: State, review: str, today: date) -> Author:
    staff_id = checks.required_text(review, "include-free-text")
    if state.school.staff_on(staff_id, today) is None:
        raise Refused(
            "reviewer-not-on-staff",
            f"{staff_id} is not on the staff on {today}: nobody answers for the free text",
            "name whoever read it, by staff id, with --include-free-text",
        )
    return state.author_on(staff_id, today)


def _check_right(state: State, pupil: Pupil, parent: str | None, to: str) -> None:
    if parent is not None:
        relation = state.school.relations[parent, pupil.id]
        if is_entitled(relation.parental_responsibility, relation.care):
            return
        who = f"neither parental responsibility nor care is recorded for {parent}"
    elif families.is_own_name(state, pupil, to):
        return
    else:
        who = f"{to!r} is not the name of the pupil"
    raise Refused(
        "authority-missing",
        f"{who}: it is not on record that they may have a copy",
        "name the parent who asks with --parent, correct the record if it is wrong, write the "
        "pupil's name alone where the pupil asks, or say with --authority what entitles them",
    )


def _check_named(state: State, pupil: Pupil, to: str) -> None:
    """Refuse a copy for somebody whose full name is that of a barred parent, however asked."""
    for parent, relation in families.relations_of(state, pupil).items():
        flag = barring_flag(relation.no_contact)
        if flag is not None and families.is_named_in(state, parent, to):
            raise _refusal_of(state, pupil, parent, flag)


def _refusal_of(state: State, pupil: Pupil, parent: str, flag: str) -> Refused:
    return Refused(
        "parent-barred",
        f"nothing is given to {parent} about {state.name_of(pupil)}: {flag}",
        "take advice before anything leaves; correct the record if it is wrong",
    )


def _check_parent(state: State, pupil: Pupil, parent: str, today: date) -> None:
    """Refuse a parent who is not the pupil's, or whom a flag on the record bars."""
    families.check_parent_of(state, pupil, parent)
    relation = state.school.relations[parent, pupil.id]
    flag = barring_flag(relation.no_contact)
    if relation.until is not None and relation.until < today:
        flag = f"the relation ended on {relation.until}"
    if flag is not None:
        raise _refusal_of(state, pupil, parent, flag)


def _check_same(state: State, parent: str, to: str) -> None:
    """Refuse a copy for a name that is not the one on record of the parent who asks."""
    known = families.name_on_record(state, parent)
    if not known.surname or known.may_be(to):
        return
    raise Refused(
        "for-other-name",
        f"the copy is for {to!r}, and {parent} is on record as {known}: these may be two people",
        f"write --for {str(known)!r}, name the other parent with --parent, correct the record if "
        "it is wrong (attendance parent record), or say with --authority what entitles somebody "
        "else",
    )


def recording(asked: OnRecord) -> UseCase:
    """Return the use case that puts on record that something is asked."""
    given = {name: value for name, value in asdict(asked).items() if value is not None}
    if isinstance(asked, NamesLookedUp):
        return ShowNames(**given)
    return CopyForSubject(**given)
