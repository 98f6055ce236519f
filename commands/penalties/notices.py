"""Penalty notices on record: what was issued, what became of it, what the authority confirmed.

A notice is known by parent, child, kind, issue and first day of the offence. The complete record
is the local authority's (SI 2007/1867 reg 20): until it has confirmed how many it holds, a school
can speak of its own records only.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

from commands.core import checks, families
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import Range, one
from commands.core.standing import standing_events
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.penalties import NoticesConfirmed, NoticeStated, WithdrawalGround
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law import notices
from policies.packs.codes import Rules

_AFTER_ISSUE = ("received_on", "paid_on", "withdrawn_on", "outcome_on")
_KEY = ("kind", "issued_on", "offence_first")
_NEAR = timedelta(days=28)
"""Two notices to one parent for one child issued so near to each other may be meant as one."""
_CONFIRMED = ("la_ref", "confirmed_on", "notices")


class NoticeCommand(UseCase):
    """A command about the notices to one parent for one child."""

    parent_id: str = argument("the school's id of the parent")
    pupil: str = argument("UPN or local id")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it, the pupil, the parent and what they are to the pupil.

        Ask for the notices to them for the child.
        """
        pupil_id = state.pupil(self.pupil).id
        yield from (state.own_row, one(streams.pupil(pupil_id)))
        yield one(streams.parent(self.parent_id))
        yield one(streams.relation(self.parent_id, pupil_id))
        yield one(streams.notices(self.parent_id, pupil_id))._replace(events=True)


class RecordNotice(NoticeCommand):
    """attendance notice record: record a penalty notice, or what has become of one.

    What is left out stays as it was: a notice is known by its kind, issue and first day.
    """

    kind: Literal["s444A", "s105"] = option("s444A: failure to attend; s105: excluded pupil")
    issued_on: date = option("the day of issue")
    offence_first: date = option("first day of the offence")
    offence_last: date = option("last day of the offence")
    received_on: date | None = option("the day of receipt", default=None)
    paid_on: date | None = option("the day of payment", default=None)
    withdrawn_on: date | None = option("the day of withdrawal", default=None)
    outcome: Literal["paid", "unpaid", "not_guilty", "guilty", "withdrawn"] | None = option(
        "what has become of it", default=None
    )
    outcome_on: date | None = option("since when", default=None)
    session: tuple[Session, ...] = option("a session that it relied on (repeatable)", default=())
    issuer: str | None = option("who issued it", default=None, kept=names.name)
    withdrawn_ground: WithdrawalGround | None = option(
        "why it was withdrawn (SI 2007/1867): 8(1)(a) it ought not to have been issued, or not to "
        "this person; 8(1)(b) material errors; 9 unpaid, and no proceedings",
        default=None,
    )
    dry_run: bool = option(
        "say whether it is a new notice or what changes; record nothing", default=False
    )

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the notice whole; nothing where nothing changes."""
        state.author(now)
        pupil, parent_id = state.pupil(self.pupil), self.parent_id
        families.check_parent_of(state, pupil, parent_id, self.pupil)
        stated = self.stated("parent_id", "pupil", "session", "dry_run")
        if self.session:
            stated["sessions"] = tuple(str(session) for session in sorted(self.session))
        stream = streams.notices(parent_id, pupil.id)
        known = _last_statement(state, stream, stated)
        details = checks.renew(known, stated)
        _check_dates(details, local_date(now))
        who = f"notice of {self.issued_on} to {parent_id} for {state.name_of(pupil)}"
        if details == known:
            return decided([], f"{who}: recorded so already; nothing was recorded")
        says = [f"{who}: {_changes(known, details) if known else 'new notice'}"]
        if not known:
            says += _near(state, stream, self.issued_on, local_date(now))
        notice = NoticeStated(**details)
        if (alone := families.ground_alone(notice)) is not None:
            raise alone
        says += _ask_for_ground(notice)
        return decided([Fact(stream, notice)], *says, dry_run=self.dry_run)


class ConfirmNotices(NoticeCommand):
    """attendance notices confirm: record how many notices the authority says that it holds.

    What the local authority answered about one parent and child.
    """

    la_ref: str = option("the authority's reference")
    on: date = option("the day on which it confirmed")
    notices: int = option("how many notices it holds", minimum=0)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the confirmation; nothing where it is recorded already."""
        author, la_ref = state.author(now), checks.required_text(self.la_ref, "la-ref")
        pupil = state.pupil(self.pupil)
        families.check_parent_of(state, pupil, self.parent_id, self.pupil)
        if self.on > local_date(now):
            raise Refused(
                "future", f"--on {self.on} is in the future", "record it when it has come"
            )
        stream = streams.notices(self.parent_id, pupil.id)
        event = NoticesConfirmed(
            la_ref=la_ref, confirmed_on=self.on, notices=self.notices, **author.fields
        )
        who = f"notices to {self.parent_id} for {state.name_of(pupil)}"
        earlier = standing_events(state, stream)
        if any(checks.repeats(state, before, event, _CONFIRMED) for before in earlier):
            return decided([], f"{who}: confirmed so already; nothing was recorded")
        return decided([Fact(stream, event)], f"{who}: {self.notices} confirmed by the authority")


def _changes(known: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """Write which fields change: ``changed: paid on 2026-11-19, outcome unpaid -> paid``."""
    told = [
        f"{_label(name)} {_value(known[name]) + ' -> ' if known[name] else ''}{_value(value)}"
        for name, value in details.items()
        if value != known[name]
    ]
    return f"changed: {', '.join(told)}"


def _label(name: str) -> str:
    return name.removeprefix("withdrawn_") if name.endswith("ground") else name.replace("_", " ")


def _value(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value or "none")


def _near(state: State, stream: str, issued_on: date, today: date) -> Iterator[str]:
    """Name the notices issued about when a new one was: one of them may have been meant."""
    last: dict[tuple[object, ...], NoticeStated] = {}
    for notice in state.school.notices.get(stream, ()):
        last[tuple(getattr(notice, name) for name in _KEY)] = notice
    for notice in last.values():
        near = abs(notice.issued_on - issued_on) <= _NEAR
        if near and not notices.stated(notice).withdrawn(today):
            days = (
                f"{notice.offence_first or 'not stated'} to {notice.offence_last or 'not stated'}"
            )
            yield (
                f"a notice {notice.kind} of {notice.issued_on} to the same parent for this child "
                f"stands (offence {days}); to change that one, give its kind, day of issue and "
                "first day of the offence"
            )


def _ask_for_ground(notice: NoticeStated) -> Iterator[str]:
    """Ask for the ground of a withdrawal: whether its sessions are used up turns on it."""
    withdrawn = notices.stated(notice).withdrawn(date.max)
    if withdrawn and notice.kind == notices.FAILURE_TO_ATTEND and not notice.withdrawn_ground:
        yield (
            "no ground of withdrawal is recorded: whether its sessions may be used again for this "
            "parent turns on it; ask the authority, and give --withdrawn-ground"
        )


def _last_statement(state: State, stream: str, stated: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for notice in state.school.notices.get(stream, ()):
        if all(getattr(notice, name) == stated[name] for name in _KEY):
            found = checks.details_of(notice, state.open_text)
    return found


def _check_dates(details: dict[str, Any], today: date) -> None:
    """Refuse days that are out of order or to come, and sessions outside the offence."""
    pairs = [("offence_first", "offence_last"), *(("issued_on", name) for name in _AFTER_ISSUE)]
    for first, then in pairs:
        earlier, later = details[first], details.get(then)
        if later is not None and later < earlier:
            what = f"{then} ({later}) is before {first} ({earlier})".replace("_", " ")
            raise Refused("dates-reversed", what, "check both dates")
    if details["issued_on"] < details["offence_last"]:
        what = f"the notice was issued ({details['issued_on']}) before its offence had ended"
        raise Refused(
            "dates-reversed", what, "check the day of issue and the last day of the offence"
        )
    for session in details.get("sessions", ()):
        if not str(details["offence_first"]) <= session[:10] <= str(details["offence_last"]):
            what = f"session {session} lies outside the offence that the notice is for"
            raise Refused(
                "session-outside-offence", what, "check the session, or the days of the offence"
            )
    for name in ("issued_on", "offence_last", *_AFTER_ISSUE):
        found = details.get(name)
        if found is not None and found > today:
            what = f"{name} ({found}) is in the future".replace("_", " ")
            raise Refused("future", what, "record it when it has come")
